"""Run a study in parallel processes or on several machines: `python -m analytics.studies.run STUDY`.

STUDY is "gate", "gate-pilot" or a preset of core/digits/presets.py, whose settings `--sweep` varies:

    python -m analytics.studies.run sprint --sweep lr 1e-3 3e-3 --sweep hidden 256,256 512 --seeds 3

Every finished run is a row of the study's table. Runs of the current code version are not repeated, so the same command
continues a study that was stopped.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from analytics.archive import cluster
from analytics.studies.gate.study import GATE, PILOT, Cell
from analytics.studies.runs import Row, Table, code_version
from analytics.studies.sweep import add_sweep, swept
from core.command import refusing
from core.digits.presets import PRESETS

if TYPE_CHECKING:  # an optional dependency
    from distributed import Client

COMMAND = "python -m analytics.studies.run"
STUDIES = {study.name: study for study in (GATE, PILOT)}


class Study(Protocol):
    """A set of runs; `modules` (dotted names) determine the code version."""

    @property
    def name(self) -> str: ...

    @property
    def modules(self) -> Sequence[str]: ...

    def run(self, regime: str, arm: str, seed: int) -> Mapping[str, Any]: ...


def run_one(study: Study, regime: str, arm: str, seed: int, version: str) -> Row:
    """Run one cell in a single thread and return its table row."""
    from core.nn.parallel import in_one_thread

    started = time.perf_counter()
    with in_one_thread():
        row = study.run(regime, arm, seed)
    return {"study": study.name, "regime": regime, "arm": arm, "seed": seed, "version": version,
            "seconds": round(time.perf_counter() - started, 1), **row}


def run_all(study: Study, cells: Sequence[Cell], table: Table, client: "Client",
            progress: Callable[[Iterable, int], Iterable] = lambda finished, total: finished) -> list[str]:
    """Run the cells (regime, arm, seed) that the table lacks; store each when it ends. Returns the error messages.

    progress(finished, total): wraps the iterator over finished runs, such as tqdm.
    """
    from distributed import as_completed

    version, failed = code_version(study.modules), []
    waiting = [cell for cell in cells if (study.name, *cell, version) not in table]
    futures = {client.submit(run_one, study, *cell, version, pure=False, priority=-place): cell
               for place, cell in enumerate(waiting)}
    for future in progress(as_completed(futures), len(futures)):
        if future.status == "finished":
            table.add(future.result())
        else:
            failed.append(f"{', '.join(map(str, futures[future]))}: {future.exception()}")
        future.release()
    return failed


def chosen(cells: Sequence[Cell], only: Sequence[str]) -> list[Cell]:
    """The cells whose regime or arm is in `only`; all if it is empty. Raises ValueError for an unknown name."""
    known = {name for regime, arm, _ in cells for name in (regime, arm)}
    unknown = sorted(set(only) - known)
    if unknown:
        raise ValueError(f"no cell is called {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return [cell for cell in cells if not only or {cell[0], cell[1]} & set(only)]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study", choices=[*STUDIES, *PRESETS], metavar="STUDY",
                        help=f"one of {', '.join([*STUDIES, *PRESETS])}")
    parser.add_argument("--seeds", type=int, choices=range(1, 1001), metavar="N", help="seeds of each cell, unless the "
                        "study fixes them (default 1)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="regimes or arms to run")
    parser.add_argument("--table", type=Path, help="the Parquet file of finished runs")
    add_sweep(parser)
    cluster.add_options(parser)
    args = parser.parse_args(argv)
    with refusing(COMMAND):
        from tqdm import tqdm

        study = STUDIES.get(args.study) or swept(args.study, args.sweep)
        table, cells = Table(args.table or study.table), chosen(study.cells(args.seeds), args.only)
        with cluster.cluster(args.scheduler, args.workers) as client:
            print(f"{len(cells)} runs, stored in {table.path}. {cluster.dashboard(client)}")
            failed = run_all(study, cells, table, client,
                             lambda done, total: tqdm(done, total=total, desc=study.name, unit="run"))
        if failed:
            raise ValueError(f"{len(failed)} runs failed; run the command again to repeat them:\n" + "\n".join(failed))
        print(study.summary(table))


if __name__ == "__main__":
    from core.blas import use_one_thread

    use_one_thread()
    main()
