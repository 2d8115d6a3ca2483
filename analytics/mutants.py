"""Do the tests notice planted faults? `make mutants`, or `python -m analytics.mutants [--sample 400] [--workers 2]`.

Two kinds are planted, one at a time, in copies of the project. First those of PLANTED, chosen by hand, each with the one test
that must fail. Then a seeded sample of Cosmic Ray's mutations (operators, comparisons, numbers, booleans, loops) of the
engine: places are drawn evenly over its files, then one mutation of each place; annotations and strings are left out. A
mutant is killed when a test of core fails or runs out of time. analytics/reports/mutation.md lists the survivors.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import numpy as np

from analytics.reports import write_report

COMMAND = "python -m analytics.mutants"
ROOT = Path(__file__).resolve().parents[1]
AREAS = ("core/metrics.py", "core/nn", "core/uncertainty", "core/digits")
LINKED = ("data", "final_model", "images", ".git")  # not changed by any mutant: no copy is needed
T = "tests/core"
PLANTED = [  # file, what stands there, what is put in its place, the test that must fail
    ("core/metrics.py", "hits / np.maximum(confusion.sum(axis=0), 1)", "hits / np.maximum(confusion.sum(axis=1), 1)",
     f"{T}/test_metrics.py::test_precision_recall_f1"),
    ("core/metrics.py", "z2 / (4 * n * n)", "z2 / (4 * n)", f"{T}/test_metrics.py::test_wilson_interval"),
    ("core/nn/classification.py", "grads[: self.decay_size] +=", "grads[:0] += 0 *",
     f"{T}/nn/test_classification.py::test_l2_is_on_matrices_alone_and_in_loss_and_gradient"),
    ("core/nn/classification.py", "self.config.label_smoothing, weight)", "self.config.label_smoothing, None)",
     f"{T}/nn/test_classification.py::test_focal_weights_are_applied"),
    ("core/nn/layers.py", "x.dtype.type(1 / (1 - self.rate))", "x.dtype.type(1)",
     f"{T}/nn/test_network.py::test_dropout_zeroes_the_stated_share_and_keeps_the_mean"),
    ("core/nn/training.py", ") ** EMA_EVERY)", "))", f"{T}/nn/test_training.py::test_the_average_follows_its_stated_recipe"),
    ("core/nn/optimizers.py", "part[: decay_size - start] *=", "part *=",
     f"{T}/nn/test_optimizers.py::test_decoupled_decay_touches_matrices_only"),
    ("core/models/promotion.py", 'if metrics["interrupted"]:', "if False:",
     f"{T}/models/test_promotion.py::test_what_speaks_against_a_run_is_named_and_force_overrides"),
    ("core/models/promotion.py", 'if config["train_on"] == "all":', "if False:",
     f"{T}/models/test_promotion.py::test_what_speaks_against_a_run_is_named_and_force_overrides"),
    ("core/models/promotion.py", 'if config.get("csv"):', "if False:",
     f"{T}/models/test_promotion.py::test_what_speaks_against_a_run_is_named_and_force_overrides"),
    ("core/models/promotion.py", "if ours < theirs:", "if ours < theirs - 0.01:",
     f"{T}/models/test_promotion.py::test_what_speaks_against_a_run_is_named_and_force_overrides"),
    ("core/models/promotion.py", "if reason and not force:", "if False:",
     f"{T}/models/test_promotion.py::test_what_speaks_against_a_run_is_named_and_force_overrides"),
    ("core/digits/augmentation.py", "-sin / width", "sin / width",
     f"{T}/digits/test_augmentation.py::test_a_turn_goes_the_stated_way_and_so_far"),
    ("core/uncertainty/readout.py", "0.995))", "0.99))",
     f"{T}/uncertainty/test_readout.py::test_one_calibration_digit_in_200_is_curious"),
    ("core/uncertainty/readout.py", "0.995))", "0.998))",
     f"{T}/uncertainty/test_readout.py::test_one_calibration_digit_in_200_is_curious"),
    ("core/uncertainty/calibration.py", "max_error=0.001", "max_error=0.002",
     f"{T}/uncertainty/test_calibration.py::test_one_error_in_1000_is_promised"),
    ("core/uncertainty/calibration.py", "max_error=0.001", "max_error=0.0005",
     f"{T}/uncertainty/test_calibration.py::test_one_error_in_1000_is_promised"),
]


@dataclass(frozen=True)
class Mutant:
    """The occurrence-th place of a Cosmic Ray operator in a file; line: where that is."""

    file: str
    operator: str
    occurrence: int
    line: int

    def apply(self, source):
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        return mutate_code(source, get_operator(self.operator)(), self.occurrence)


def places(file, root=ROOT):
    """{(line, column, ...): [mutants]} of one file: every place that can be mutated, and how."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names

    tree, left_out, found = get_ast_from_path(root / file), spans_left_out((root / file).read_text()), {}
    for name in sorted(operator_names()):
        kind = get_operator(name)
        if kind.arguments() or name == "core/NoOp":
            continue
        operator = kind()
        spots = [spot for node in ast_nodes(tree) for spot in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(spots):
            if not any(low <= start < high for low, high in left_out):
                found.setdefault((start, end), []).append(Mutant(file, name, occurrence, start[0]))
    return found


def spans_left_out(source):
    """((line, column), (line, column)) of annotations and of strings, in which there is nothing to test."""
    spans = []
    for node in ast.walk(ast.parse(source)):
        inner = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.JoinedStr | ast.Constant) and isinstance(getattr(node, "value", ""), str):
            inner.append(node)
        spans += [((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)) for part in inner if part]
    return spans


def draw(n, seed, root=ROOT):
    """About n mutants: as many places of each file, as far as they go, and one mutation of each place."""
    rng = np.random.default_rng(seed)
    files = sorted(str(path.relative_to(root)) for area in AREAS for path in (
        [root / area] if area.endswith(".py") else (root / area).glob("*.py")) if path.name != "__init__.py")
    of_file = {file: list(places(file, root).values()) for file in files}
    for mutants in of_file.values():
        rng.shuffle(mutants)
    taken = Counter()
    while sum(taken.values()) < n and any(taken[file] < len(of_file[file]) for file in files):
        for file in files:
            if taken[file] < len(of_file[file]) and sum(taken.values()) < n:
                taken[file] += 1
    return [of_file[file][i][rng.integers(len(of_file[file][i]))] for file in files for i in range(taken[file])]


def copy_project(folder):
    """A copy of the project that may be broken."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for name in names:
        if name.split("/")[0] not in LINKED and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def tests_for(file):
    """The tests of core, those that mirror the file first; training runs and the shipped weights tell nothing of it."""
    own = Path("tests") / Path(file).parent
    first = [own / f"test_{Path(file).stem}.py"] if (ROOT / own / f"test_{Path(file).stem}.py").exists() else []
    areas = [Path(T) / name for name in ("nn", "uncertainty", "digits", "test_metrics.py", "test_settings.py")]
    rest = sorted(areas, key=lambda area: area != own)
    return [str(path) for path in (*first, *rest)]


def fails(folder, tests, seconds):
    """Whether one of these tests fails in the copy (True, False), or None when time runs out."""
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(command, cwd=folder, env=one_thread, capture_output=True, timeout=seconds).returncode != 0
    except subprocess.TimeoutExpired:
        return None


def plant(folder, file, mutated, tests, seconds):
    """`fails` with the text of one file exchanged, which is put back afterwards."""
    path = folder / file
    source = path.read_text()
    if mutated == source:
        raise SystemExit(f"mutants: nothing changed in {file}")
    path.write_text(mutated)
    try:
        return fails(folder, tests, seconds)
    finally:
        path.write_text(source)


def report(planted, mutants, verdicts):
    """The report as Markdown: planted faults with their tests, kills by file, survivors with their lines."""
    lines = ["| planted by hand in | the test that notices |", "|---|---|"]
    for (file, old, new, test), failed in zip(PLANTED, planted, strict=True):
        noticed = f"`{test.partition('::')[2]}`" if failed else "**not noticed**"
        lines.append(f"| {file}: `{old}` as `{new}` | {noticed} |")
    killed = [verdict is not False for verdict in verdicts]
    share = sum(killed) / len(killed)
    late = sum(verdict is None for verdict in verdicts)
    lines += ["", f"Of {len(mutants)} sampled mutants {sum(killed)} were killed ({100 * share:.1f} %), {late} of them by running out "
              "of time.", "", "| file | mutants | killed |", "|---|---:|---:|"]
    for file in dict.fromkeys(mutant.file for mutant in mutants):
        own = [k for mutant, k in zip(mutants, killed, strict=True) if mutant.file == file]
        lines.append(f"| {file} | {len(own)} | {sum(own)} |")
    lines += ["", "Survivors:", ""]
    for mutant, k in zip(mutants, killed, strict=True):
        if not k:
            before = (ROOT / mutant.file).read_text()
            changed = next((b.strip() for a, b in zip(before.splitlines(), mutant.apply(before).splitlines(), strict=False)
                            if a != b), "(lines removed)")
            lines.append(f"- {mutant.file}, line {mutant.line}: `{changed}` ({mutant.operator.removeprefix('core/')})")
    return "\n".join(lines) + "\n"


def main(argv=None):
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", metavar="FILE", help="sample this file alone, and write no report")
    args = parser.parse_args(argv)
    mutants = draw(args.sample, args.seed)
    if args.only:
        mutants = [kinds[0] for kinds in places(args.only).values()][: args.sample]
    with tempfile.TemporaryDirectory() as base:
        copies = Queue()
        for i in range(args.workers):
            copies.put(copy_project(Path(base) / str(i)))
        first = copies.get()
        started = time.monotonic()
        if fails(first, tests_for("core/metrics.py"), 600) is not False:
            raise SystemExit("mutants: the tests fail without any fault; mend that first")
        seconds = 3 * (time.monotonic() - started) + 30
        copies.put(first)

        def judge(file, mutated, tests):
            folder = copies.get()
            try:
                return plant(folder, file, mutated, tests, seconds)
            finally:
                copies.put(folder)

        jobs = [] if args.only else [(file, (ROOT / file).read_text().replace(old, new), [test])
                                     for file, old, new, test in PLANTED]
        jobs += [(m.file, m.apply((ROOT / m.file).read_text()), tests_for(m.file)) for m in mutants]
        with ThreadPoolExecutor(args.workers) as pool:
            verdicts = list(tqdm(pool.map(lambda job: judge(*job), jobs), total=len(jobs), unit="mutant"))
    planted = verdicts[: len(jobs) - len(mutants)]
    if args.only:
        for mutant, verdict in zip(mutants, verdicts, strict=True):
            if verdict is False:
                print(f"{mutant.file}:{mutant.line} {mutant.operator} {mutant.occurrence}")
        return
    text = report(planted, mutants, verdicts[len(planted) :])
    write_report("mutation", "Planted faults, and how many the tests notice", COMMAND, text)
    print(text)


if __name__ == "__main__":
    main()
