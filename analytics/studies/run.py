"""Run a study on many processes or machines: `python -m analytics.studies.run STUDY`.

STUDY is "gate" or "gate-pilot", or any preset of core/digits/presets.py, whose settings `--sweep` varies:

    python -m analytics.studies.run sprint --sweep lr 1e-3 3e-3 --sweep hidden 256,256 512 --seeds 3

Every finished run is a row of the study's table. What stands there with today's code is not run again, so a study that
was stopped goes on with the same command, and a fault loses at most the runs in hand.
"""

import argparse
import time
from pathlib import Path

from analytics.archive import cluster
from analytics.studies.gate.study import GATE, PILOT
from analytics.studies.results import Table, code_version
from analytics.studies.sweep import add_sweep, swept
from core.command import refusing
from core.digits.presets import PRESETS

COMMAND = "python -m analytics.studies.run"
STUDIES = {study.name: study for study in (GATE, PILOT)}


def run_one(study, regime, arm, seed, version):
    """One run, in a process that has a core of its own: the row that the table keeps."""
    from core.nn.parallel import in_one_thread

    started = time.perf_counter()
    with in_one_thread():
        row = study.run(regime, arm, seed)
    return {"study": study.name, "regime": regime, "arm": arm, "seed": seed, "version": version,
            "seconds": round(time.perf_counter() - started, 1), **row}


def run_all(study, cells, table, client, progress=lambda finished, total: finished):
    """Run the cells (regime, arm, seed) that the table lacks, and keep each as it ends.

    Returns sentences on those that failed. progress(finished, total): what wraps the finished ones, such as tqdm.
    """
    from distributed import as_completed

    version, failed = code_version(study.modules), []
    waiting = [cell for cell in cells if (study.name, *cell, version) not in table]
    futures = {client.submit(run_one, study, *cell, version, pure=False, priority=-place): cell
               for place, cell in enumerate(waiting)}
    for future in progress(as_completed(futures), total=len(futures)):
        if future.status == "finished":
            table.add(future.result())
        else:
            failed.append(f"{', '.join(map(str, futures[future]))}: {future.exception()}")
        future.release()
    return failed


def chosen(cells, only):
    """The cells whose regime or arm is named, all where none is. Raises ValueError for a name that no cell has."""
    known = {name for regime, arm, _ in cells for name in (regime, arm)}
    unknown = sorted(set(only) - known)
    if unknown:
        raise ValueError(f"no cell is called {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return [cell for cell in cells if not only or {cell[0], cell[1]} & set(only)]


def main(argv=None):
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=[*STUDIES, *PRESETS], metavar="STUDY",
                        help=f"one of {', '.join([*STUDIES, *PRESETS])}")
    parser.add_argument("--seeds", type=int, choices=range(1, 1001), metavar="N", help="runs of each cell, where the "
                        "study does not fix them (default 1)")
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
            print(f"{len(cells)} runs, kept in {table.path}. {cluster.dashboard(client)}")
            failed = run_all(study, cells, table, client,
                             lambda done, total: tqdm(done, total=total, desc=study.name, unit="run"))
        if failed:
            raise ValueError(f"{len(failed)} runs failed; call again to try them again:\n" + "\n".join(failed))
        print(study.told(table))


if __name__ == "__main__":
    from core.blas import use_one_thread

    use_one_thread()
    main()
