"""Render the calibration digits as app inputs: `python -m analytics.studies.renderings`.

Simulates each digit as a canvas drawing, a photograph of plain paper, a scan of low resolution and a photograph of
ruled or squared paper, and reads them with the shipped model, which chooses between the hypotheses of where the ink is.
What the network is shown is written to data/renderings.npz, which training uses to calibrate
confidence; the printed checksum goes to core/digits/data.py. About five minutes on two cores.
"""

if __name__ == "__main__":  # before NumPy is imported: two processes, one BLAS thread each
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analytics.studies.renderings.paper import photograph_of_paper
from analytics.studies.renderings.plain import canvas, photograph, scan
from core.command import refusing
from core.digits.data import DATA_DIR, KINDS_OF_RENDERING, load_split, read_checked
from core.files import write_atomic
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.picture.opening import InputError

TRIES = 5  # random renderings attempted per digit
ALIKE = 0.5  # least correlation with the digit: with less, other ink was taken for it
MAKERS: dict[str, Callable] = dict(zip(KINDS_OF_RENDERING, (canvas, photograph, scan, photograph_of_paper),
                                       strict=True))


@cache
def reader() -> MNISTDeployer:
    """The shipped model, loaded once per process."""
    return MNISTDeployer()


def rendering(digit: NDArray[np.uint8], kind: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A digit (28, 28) uint8 as the network is shown a rendering of it: (28, 28) uint8; unchanged if all TRIES fail.

    A try fails where no digit is read, or other ink than the digit's.
    """
    for _ in range(TRIES):
        try:
            image = reader().predict(MAKERS[kind](digit, rng), kind="canvas" if kind == "canvas" else None).image
        except InputError:
            continue
        if np.corrcoef(image.ravel(), digit.ravel())[0, 1] >= ALIKE:
            return np.rint(255 * image).astype(np.uint8)
    return digit


def _numbered(job: tuple[int, int, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    number, i, digit = job
    return rendering(digit, KINDS_OF_RENDERING[number], np.random.default_rng([number, i]))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.renderings",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", type=int, metavar="N", help="render the first N digits only and write nothing")
    args = parser.parse_args(argv)
    from tqdm import tqdm

    with refusing("renderings"):
        X = read_checked("train-images-idx3-ubyte")[load_split()["calibration"]][: args.only]
        jobs = [(number, i, digit) for number in range(len(KINDS_OF_RENDERING)) for i, digit in enumerate(X)]
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            rendered = list(tqdm(pool.map(_numbered, jobs, chunksize=16), total=len(jobs)))
        images = np.stack(rendered).reshape(len(KINDS_OF_RENDERING), len(X), 28, 28)
        print("SHA-256 of the array:", hashlib.sha256(images.tobytes()).hexdigest())
        if args.only is None:
            packed = io.BytesIO()
            np.savez_compressed(packed, X=images)
            write_atomic(DATA_DIR / "renderings.npz", packed.getvalue())


if __name__ == "__main__":
    main()
