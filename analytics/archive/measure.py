"""How fast archives are read, and in how much memory: `python -m analytics.archive.measure`.

A ZIP of made pictures is read on one worker and on two, in turns, then a long one on two; the report,
analytics/reports/archive.md, also reckons what a hundred machines would do. Nothing else should run meanwhile.
"""

import argparse
import io
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from analytics.archive.cluster import cluster
from analytics.archive.read import read_part
from analytics.archive.sources import find
from analytics.archive.store import Store
from analytics.archive.work import read_all
from analytics.benchmark.memory import resident_megabytes
from analytics.reports import write_report
from core.command import refusing
from core.digits.data import read_checked
from deployment.deploy_mnist import MNISTDeployer

COMMAND = "python -m analytics.archive.measure"
ROUNDS, TURN, PART, LONG_PART = 5, 4000, 200, 1000
SIDE = 84  # pixels of a made picture
MACHINES, PICTURES, CORES = 100, 100_000_000, 2
NETWORK = 125e6  # bytes a second: a gigabit
ITEM = 350  # bytes that a picture takes in the client's list
TASK = 1e-3  # seconds of the scheduler for a task, by Dask's own documentation


def make_archive(path, n):
    """A ZIP of n PNG files: MNIST's training digits, dark on paper that is neither white nor even."""
    digits, rng = read_checked("train-images-idx3-ubyte"), np.random.default_rng(0)
    paper = rng.integers(215, 235, (32, SIDE, SIDE), dtype=np.uint8)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(n):
            digit = Image.fromarray(digits[i % len(digits)]).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
            page = np.maximum(paper[i % len(paper)].astype(int) - np.asarray(digit, int), 20).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(page).save(buffer, "PNG")
            archive.writestr(f"{i:07d}.png", buffer.getvalue())


def pictures_a_second(items, workers, sha256):
    """How fast `workers` read the items, once they are up and have their deployer."""
    with tempfile.TemporaryDirectory() as folder, cluster(workers=workers) as client:
        client.run(read_part, items[:10], None, False)
        started = time.perf_counter()
        read_all(client, Store(folder, items, PART, False, sha256), None, sha256)
        return len(items) / (time.perf_counter() - started)


def long_run(items, sha256, progress):
    """Read all items on two workers: memory of each after every tenth part [(pictures, [MB, MB])], seconds, and bytes
    of the readings."""
    memory, done = [], 0

    def look(n):
        nonlocal done
        done += n
        progress(n)
        if done % (10 * LONG_PART) < n or done == len(items):
            memory.append((done, list(client.run(resident_megabytes).values())))

    with tempfile.TemporaryDirectory() as folder, cluster(workers=2) as client:
        store, started = Store(folder, items, LONG_PART, False, sha256), time.perf_counter()
        read_all(client, store, None, sha256, look)
        seconds = time.perf_counter() - started
        return memory, seconds, sum(store.path(part).stat().st_size for part in store.parts)


def report(speeds, memory, seconds, written, size):
    """The report as Markdown. speeds: {workers: [pictures a second]}; size: bytes of the archive."""
    medians = {workers: statistics.median(found) for workers, found in speeds.items()}
    ratios = [two / one for one, two in zip(speeds[1], speeds[2], strict=True)]
    n = memory[-1][0]
    lines = [
        f"Pictures of one digit each, PNG in a ZIP, {SIDE} x {SIDE} pixels, {size / n:,.0f} bytes; workers with their "
        "model loaded, in turns, medians.", "", "| workers | pictures a second | from to | n |", "|---|---|---|---|",
        *(f"| {workers} | {medians[workers]:,.0f} | {min(found):,.0f} to {max(found):,.0f} | {len(found)} |"
          for workers, found in speeds.items()), "",
        f"Two workers are {medians[2] / medians[1]:.2f} times as fast as one (by round {min(ratios):.2f} to "
        f"{max(ratios):.2f}).", "", f"## Memory over {n:,} pictures", "",
        f"Two workers, {seconds / 60:.1f} minutes, {n / seconds:,.0f} pictures a second, {written / 2**20:.1f} MB of "
        "readings.", "", "| pictures read | MB of the workers |", "|---|---|"]
    shown = [memory[round(i)] for i in np.linspace(0, len(memory) - 1, min(len(memory), 11))]
    lines += [f"| {done:,} | {', '.join(f'{mb:.0f}' for mb in some)} |" for done, some in shown]
    return "\n".join([*lines, "", f"Most at any look: {max(max(some) for _, some in memory):.0f} MB.", "",
                      reckoned(n / seconds / 2, size / n, written / n)])


def reckoned(each, of_picture, of_row):
    """What many machines would do, as Markdown. each: pictures a second and core; of_picture, of_row: bytes."""
    rate, tasks = MACHINES * CORES * each, PICTURES // LONG_PART
    return "\n".join([
        f"## {MACHINES} machines, {PICTURES // 10**6} million pictures, reckoned", "",
        f"At {each:,.0f} pictures a second and core, {MACHINES} machines of {CORES} cores read {rate:,.0f} a second:",
        f"{PICTURES / rate / 3600:.1f} hours. They fetch {PICTURES * of_picture / 1e12:.2f} TB,",
        f"{rate * of_picture / 1e6:,.0f} MB a second in all,",
        f"{CORES * each * of_picture / 1e6:.1f} MB a second for each machine, far below a gigabit's",
        f"{NETWORK / 1e6:.0f} MB. The client receives {rate * of_row / 1e6:.2f} MB of packed rows a second,",
        f"{PICTURES * of_row / 1e9:.1f} GB in all; {tasks:,} tasks cost the scheduler about {tasks * TASK:,.0f}",
        "seconds of its one core. What saturates first is the client's list of pictures: at",
        f"{ITEM} bytes each it would take {PICTURES * ITEM / 1e9:.0f} GB. So an archive of this size is read in a",
        "hundred calls of a million pictures, a folder or a ZIP each. Next comes the store that serves the pictures,",
        f"which has to give {rate:,.0f} of them a second; then the processors."])


def main(argv=None):
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200_000, help="of the long run (default: %(default)s)")
    args = parser.parse_args(argv)
    with refusing(COMMAND), tempfile.TemporaryDirectory() as folder:
        from tqdm import tqdm

        path, sha256, speeds = Path(folder) / "archive.zip", MNISTDeployer().sha256, {1: [], 2: []}
        make_archive(path, max(args.pictures, TURN))
        items = find([path])
        for _ in tqdm(range(ROUNDS), desc="one worker and two"):
            for workers, found in speeds.items():
                found.append(pictures_a_second(items[:TURN], workers, sha256))
        with tqdm(total=args.pictures, unit="picture") as bar:
            found = long_run(items[: args.pictures], sha256, bar.update)
        text = report(speeds, *found, path.stat().st_size * args.pictures / len(items))
        write_report("archive", "Archives", COMMAND, text)
        print(text)


if __name__ == "__main__":
    from core.blas import use_one_thread

    use_one_thread()
    main()
