"""Train recipes at short length and compare them: `python -m analytics.studies.recipes DIR [--epochs 16]`.

DIR holds the development pictures, as for `python -m analytics.realworld`. What is missing is trained in
runs/recipes/NAME-SEED-EPOCHS, seed by seed, in one thread; the same command continues what was stopped. Each run is
measured as the rule says (analytics/studies/recipes/rule.py), without the test set, and stored as
analytics/reports/recipes/NAME-SEED-EPOCHS.json. Then the verdict is printed and written to
analytics/reports/recipes.md. Without DIR nothing is trained: the stored results are compared.
"""

if __name__ == "__main__":  # before NumPy is imported: one thread
    from core.blas import use_one_thread

    use_one_thread()

import argparse
from collections.abc import Sequence
from pathlib import Path

from analytics.reports import write_report
from analytics.studies.recipes import store
from analytics.studies.recipes.ideas import PRESENT, RECIPES
from analytics.studies.recipes.measure import Material
from analytics.studies.recipes.report import verdict_text
from analytics.studies.recipes.rule import SEEDS, SHORT_EPOCHS
from analytics.studies.recipes.training import result_of
from core.command import refusing
from core.digits.presets import CHAMPION
from core.digits.task import load_parts
from core.nn.parallel import in_one_thread

COMMAND = "python -m analytics.studies.recipes"
HEAD = ("Ideas for the recipe of the shipped network, trained at a fraction of its length and compared by the rule in "
        "`analytics/studies/recipes/rule.py`, which was written before the first run. Errors are means over seeds: on "
        "validation in one pass, on development pictures by the full pipeline; “saved” counts both. The development "
        "pictures are not part of the project. The test set was not read.")


def train_missing(sources: Sequence[Path], names: Sequence[str], seeds: Sequence[int], epochs: int) -> None:
    """Train, measure and store the runs that have no Result yet, seed by seed."""
    missing = [(name, seed) for seed in seeds for name in names if store.load(name, seed, epochs) is None]
    if not missing:
        return
    parts = load_parts(CHAMPION)
    del parts["test"]
    material = Material.load(sources, parts["validation"])
    for name, seed in missing:
        print(f"{name}, seed {seed}, {epochs} epochs ...", flush=True)
        with in_one_thread():
            result = result_of(name, seed, epochs, parts, material)
        errors = ", ".join(f"{set_name} {one.errors}" for set_name, one in result.sets.items())
        print(f"  {result.seconds / 60:.1f} minutes; errors: {errors}; stored in {store.save(result)}", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, metavar="DIR", help="development pictures")
    parser.add_argument("--epochs", type=int, default=SHORT_EPOCHS)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--only", nargs="+", choices=RECIPES, metavar="NAME", default=list(RECIPES),
                        help=f"of {', '.join(RECIPES)}; {PRESENT} is always compared")
    args = parser.parse_args(argv)
    names = list(dict.fromkeys([PRESENT, *args.only]))
    try:
        with refusing("recipes"):
            if args.sources:
                train_missing(args.sources, names, args.seeds, args.epochs)
            text = verdict_text({name: store.load_all(name, args.seeds, args.epochs) for name in names}, args.seeds,
                                args.epochs)
            write_report("recipes", "Recipes compared", f"{COMMAND} DIR", f"{HEAD}\n\n{text}")
            print(text, end="")
    except KeyboardInterrupt:
        raise SystemExit("recipes: stopped; the same command continues from the last finished epoch.") from None


if __name__ == "__main__":
    main()
