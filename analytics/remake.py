"""Make again everything that hangs on the shipped weights: `make remake`, or `python -m analytics.remake`.

To be run after a new model was promoted. Each step is a separate command; runs/remake.json stores which are done, so
that a run that was interrupted goes on where it stopped. Another model starts again from the first step. Steps that
measure development pictures need their folders, and are named where one is not given. The pair reader does not hang on
the weights of the digits: it is trained by `python core/train.py --preset pairs`.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.files import write_atomic
from core.models import model
from core.shipped import ROOT

STATE = model.RUNS / "remake.json"
FOLDERS = ("digits", "numbers", "tables")  # of development pictures, for analytics.realworld, numbers and tables


@dataclass(frozen=True)
class Step:
    """A command that makes something again.

    words: of `python`, in the project's folder; minutes: about how long it takes on two cores; pictures: which of
    FOLDERS follows the words.
    """

    name: str
    words: str
    minutes: float
    pictures: str = ""


STEPS = (
    Step("calibration digits as pictures", "-m analytics.studies.renderings", 5),
    Step("readout", "core/train.py --refit final_model", 5),
    Step("weights of the number reader", "-m analytics.studies.number_weights --write", 60),
    Step("confidence of cells", "-m analytics.studies.cell_weights --write", 60),
    Step("robustness", "-m analytics.robustness", 10),
    Step("audit", "-m analytics.audit", 10),
    Step("notebook", "-m analytics.showcase.notebook", 2),
    Step("who taught that", "-m analytics.studies.influence", 5),
    Step("pictures from outside", "-m analytics.realworld --report", 15, "digits"),
    Step("numbers", "-m analytics.numbers", 30, "numbers"),
    Step("tables", "-m analytics.tables", 60, "tables"),
    Step("fuzzing", "-m analytics.torture", 15),
    Step("pictures of the app", "-m analytics.showcase", 2),
    Step("speed beside other frameworks", "-m analytics.benchmark", 60),
    Step("mutation tests", "-m analytics.mutants", 60),
)


def done_steps(weights: str, state: Path = STATE) -> list[str]:
    """The names of the steps that are done for the weights of this SHA-256."""
    try:
        saved = json.loads(state.read_text(encoding="utf-8"))
        return list(saved["done"]) if saved["weights"] == weights else []
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or not readable: everything is made again
        return []


def remake(folders: Mapping[str, str | None], weights: str, steps: Sequence[Step] = STEPS,
           state: Path = STATE) -> str | None:
    """Run the steps that are not done and have their folder; returns the name of one that failed, or None.

    folders: by the names of FOLDERS; weights: SHA-256 of the shipped weights.
    """
    done = done_steps(weights, state)
    left = [step for step in steps if step.name not in done and (not step.pictures or folders.get(step.pictures))]
    for i, step in enumerate(left):
        minutes = sum(one.minutes for one in left[i:])
        print(f"{step.name} ({i + 1} of {len(left)}; all that is left takes about {minutes:.0f} minutes)", flush=True)
        words = [*step.words.split(), *([str(folders[step.pictures])] if step.pictures else [])]
        if subprocess.run([sys.executable, *words], cwd=ROOT).returncode:
            return step.name
        done.append(step.name)
        state.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(state, json.dumps({"weights": weights, "done": done}))
    return None


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m analytics.remake", description=(__doc__ or "").splitlines()[0])
    for name in FOLDERS:
        parser.add_argument(f"--{name}", metavar="DIR", help=f"development pictures of {name}")
    parser.add_argument("--again", action="store_true", help="make again what is done, too")
    args = parser.parse_args(argv)
    folders = {name: getattr(args, name) for name in FOLDERS}
    for name, folder in folders.items():
        if folder and not Path(folder).is_dir():
            parser.error(f"--{name}: {folder} is not a folder")
        folders[name] = folder and str(Path(folder).resolve())  # the steps run in another folder
    if args.again:
        STATE.unlink(missing_ok=True)
    failed = remake(folders, model.load().weights_sha256)
    if failed:
        print(f"“{failed}” failed; when its cause is mended, the same command goes on with it.", file=sys.stderr)
    without = [f"--{name}" for name in FOLDERS if not folders[name]]
    if without:
        print(f"Not measured again, as their pictures were not given: {', '.join(without)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
