"""Read an archive of pictures on many processes or machines: `python -m analytics.archive SOURCE ... --out DIR`.

SOURCE is a folder or glob of pictures and archives, a ZIP or TAR, an IDX, NPY or NPZ file of arrays, or an fsspec URL
of one of these. DIR receives Parquet parts with one row per picture (path, digit or text, confidence, emotion,
alternatives, novelty, left_over, error), a summary and a contact sheet of the least confident. A second call resumes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from analytics.archive import cluster
from core.command import refusing

COMMAND = "python -m analytics.archive"
PICTURES_A_PART = 1000


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Read an archive of pictures on many processes.")
    parser.add_argument("sources", nargs="+", metavar="SOURCE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--numbers", action="store_true", help="read whole numbers instead of single digits")
    parser.add_argument("--model", type=Path, metavar="DIR", help="a model folder (default: the shipped model)")
    parser.add_argument("--part", type=int, default=PICTURES_A_PART, choices=range(1, 100_001), metavar="N",
                        help="pictures in a part, the most that a crash loses (default: %(default)s)")
    parser.add_argument("--csv", action="store_true", help="write all rows as DIR/readings.csv too")
    cluster.add_options(parser)
    args = parser.parse_args(argv)
    with refusing(COMMAND):
        print(read(args), end="")


def read(args: argparse.Namespace) -> str:
    """Read the archive that the arguments name; returns the summary as Markdown."""
    from tqdm import tqdm

    from analytics.archive import sources, summary, work
    from analytics.archive.store import Store
    from deployment.deploy_mnist import SHIPPED, MNISTDeployer

    sha256 = MNISTDeployer(args.model or SHIPPED).sha256
    items = sources.find(args.sources)
    store = Store(args.out, items, args.part, args.numbers, sha256)
    missing = sum(stop - start for start, stop in map(store.rows_of, store.missing()))
    if missing:
        in_memory = any(source.startswith("memory:") for source in args.sources)  # visible to this process only
        with cluster.cluster(args.scheduler, args.workers, processes=not in_memory) as client:
            print(f"{len(items):,} pictures, {missing:,} of them to read. {cluster.dashboard(client)}")
            with tqdm(total=missing, unit="picture") as bar:
                work.read_all(client, store, args.model and str(args.model.resolve()), sha256, bar.update)
    if args.csv:
        print(f"All rows are in {store.write_csv()}.")
    return summary.write(store)


if __name__ == "__main__":
    from core.blas import use_one_thread

    use_one_thread()
    main()
