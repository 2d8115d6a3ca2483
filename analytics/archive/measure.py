"""Measure the speed and memory of reading archives: `python -m analytics.archive.measure`.

A ZIP of generated pictures is read alternately by one and two workers, then a long one by two workers. The report,
analytics/reports/archive.md, also extrapolates to a hundred machines. Run nothing else meanwhile.
"""

import argparse
import io
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from analytics.archive.cluster import cluster
from analytics.archive.read import read_part
from analytics.archive.sources import Item, find
from analytics.archive.store import Store
from analytics.archive.work import read_all
from analytics.benchmark.rss import resident_megabytes
from analytics.reports import write_report
from core.command import refusing
from core.digits.data import read_checked
from deployment.deploy_mnist import MNISTDeployer

COMMAND = "python -m analytics.archive.measure"
ROUNDS, ROUND_PICTURES = 5, 4000  # of the comparison of one worker with two
PART, LONG_PART = 200, 1000  # pictures in a part, in the comparison and in the long run
SIDE = 84  # side of a generated picture, in pixels
MACHINES, PICTURES, CORES = 100, 100_000_000, 2  # of the extrapolation; CORES of each machine
NETWORK_BYTES_A_SECOND = 125e6  # one gigabit
ITEM_BYTES = 350  # of one picture in the client's list
TASK_SECONDS = 1e-3  # of the scheduler, from Dask's documentation


def make_archive(path: Path, n: int) -> None:
    """Write a ZIP of n PNG files: MNIST training digits, dark on noisy grey paper."""
    digits, rng = read_checked("train-images-idx3-ubyte"), np.random.default_rng(0)
    paper = rng.integers(215, 235, (32, SIDE, SIDE), dtype=np.uint8)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(n):
            digit = Image.fromarray(digits[i % len(digits)]).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
            page = np.maximum(paper[i % len(paper)].astype(int) - np.asarray(digit, int), 20).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(page).save(buffer, "PNG")
            archive.writestr(f"{i:07d}.png", buffer.getvalue())


def pictures_a_second(items: Sequence[Item], workers: int, sha256: str) -> float:
    """Pictures that `workers` read per second, not counting their start and the loading of the model."""
    with tempfile.TemporaryDirectory() as folder, cluster(workers=workers) as client:
        client.run(read_part, items[:10], None, False)
        started = time.perf_counter()
        read_all(client, Store(folder, items, PART, False, sha256), None, sha256)
        return len(items) / (time.perf_counter() - started)


def long_run(items: Sequence[Item], sha256: str, progress: Callable[[int], object]
             ) -> tuple[list[tuple[int, list[float]]], float, int]:
    """Read all items on two workers; returns memory [(pictures, [MB, MB])] every ten parts, seconds, bytes of rows."""
    memory, done = [], 0

    def on_done(n):
        nonlocal done
        done += n
        progress(n)
        if done % (10 * LONG_PART) < n or done == len(items):
            by_worker = cast("dict[str, float]", client.run(resident_megabytes))  # the client is synchronous
            memory.append((done, list(by_worker.values())))

    with tempfile.TemporaryDirectory() as folder, cluster(workers=2) as client:
        store, started = Store(folder, items, LONG_PART, False, sha256), time.perf_counter()
        read_all(client, store, None, sha256, on_done)
        seconds = time.perf_counter() - started
        return memory, seconds, sum(store.path(part).stat().st_size for part in store.parts)


def report(speeds: Mapping[int, Sequence[float]], memory: Sequence[tuple[int, list[float]]], seconds: float,
           written: int, size: float) -> str:
    """The report as Markdown. speeds: {workers: [pictures a second]}; written, size: bytes of rows, of the archive."""
    medians = {workers: statistics.median(rates) for workers, rates in speeds.items()}
    ratios = [two / one for one, two in zip(speeds[1], speeds[2], strict=True)]
    n = memory[-1][0]
    lines = [
        f"Pictures of one digit each, PNG in a ZIP, {SIDE} x {SIDE} pixels, {size / n:,.0f} bytes. Medians of "
        "alternating rounds, models loaded.", "", "| workers | pictures a second | range | n |", "|---|---|---|---|",
        *(f"| {workers} | {medians[workers]:,.0f} | {min(rates):,.0f} to {max(rates):,.0f} | {len(rates)} |"
          for workers, rates in speeds.items()), "",
        f"Two workers are {medians[2] / medians[1]:.2f} times as fast as one (by round: {min(ratios):.2f} to "
        f"{max(ratios):.2f}).", "", f"## Memory over {n:,} pictures", "",
        f"Two workers, {seconds / 60:.1f} minutes, {n / seconds:,.0f} pictures a second, {written / 2**20:.1f} MB of "
        "rows.", "", "| pictures read | MB of each worker |", "|---|---|"]
    shown = [memory[round(i)] for i in np.linspace(0, len(memory) - 1, min(len(memory), 11))]
    lines += [f"| {done:,} | {', '.join(f'{mb:.0f}' for mb in each)} |" for done, each in shown]
    return "\n".join([*lines, "", f"Maximum: {max(max(each) for _, each in memory):.0f} MB.", "",
                      extrapolation(n / seconds / 2, size / n, written / n)])


def extrapolation(rate_a_core: float, picture_bytes: float, row_bytes: float) -> str:
    """The throughput of many machines, as Markdown. rate_a_core: pictures a second and core."""
    rate, tasks, million = MACHINES * CORES * rate_a_core, PICTURES // LONG_PART, PICTURES // 10**6
    return "\n".join([
        f"## Extrapolation to {MACHINES} machines and {million} million pictures", "",
        f"At {rate_a_core:,.0f} pictures a second and core, {MACHINES} machines of {CORES} cores read {rate:,.0f}",
        f"pictures a second: {PICTURES / rate / 3600:.1f} hours. They fetch {PICTURES * picture_bytes / 1e12:.2f} TB,",
        f"{rate * picture_bytes / 1e6:,.0f} MB a second in total,",
        f"{CORES * rate_a_core * picture_bytes / 1e6:.1f} MB a second for each machine; a gigabit carries",
        f"{NETWORK_BYTES_A_SECOND / 1e6:.0f} MB. The client receives",
        f"{rate * row_bytes / 1e6:.2f} MB of compressed rows a second, {PICTURES * row_bytes / 1e9:.1f} GB in total.",
        f"{tasks:,} tasks cost the scheduler about {tasks * TASK_SECONDS:,.0f} seconds of its one core.",
        f"The client's list of pictures is the first limit: {ITEM_BYTES} bytes each, {PICTURES * ITEM_BYTES / 1e9:.0f}",
        f"GB. Read an archive of this size in {million} calls of a million pictures, a folder or a ZIP each.",
        f"The next limits are the store that serves the pictures, {rate:,.0f} a second, and then the processors."])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Measure the speed and memory of reading archives.")
    parser.add_argument("--pictures", type=int, default=200_000, help="in the long run (default: %(default)s)")
    args = parser.parse_args(argv)
    with refusing(COMMAND), tempfile.TemporaryDirectory() as folder:
        from tqdm import tqdm

        path, sha256, speeds = Path(folder) / "archive.zip", MNISTDeployer().sha256, {1: [], 2: []}
        make_archive(path, max(args.pictures, ROUND_PICTURES))
        items = find([path])
        for _ in tqdm(range(ROUNDS), desc="one worker and two"):
            for workers, rates in speeds.items():
                rates.append(pictures_a_second(items[:ROUND_PICTURES], workers, sha256))
        with tqdm(total=args.pictures, unit="picture") as bar:
            memory, seconds, written = long_run(items[: args.pictures], sha256, bar.update)
        text = report(speeds, memory, seconds, written, path.stat().st_size * args.pictures / len(items))
        write_report("archive", "Archives", COMMAND, text)
        print(text)


if __name__ == "__main__":
    from core.blas import use_one_thread

    use_one_thread()
    main()
