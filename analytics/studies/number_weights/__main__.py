"""Fit the weights of the number reader: `python -m analytics.studies.number_weights [--write]`.

Composes numbers with separate, touching and overlapping digits, some with non-digit signs, drawn or photographed, and
maximises the likelihood of the correct readings (deployment/reader/number/score.py). The matrices on the network's
hidden layers are fitted on numbers of training digits, many of them joined. All other weights, including the weight of
the matrices, are fitted on digits of the calibration writers, joined at a realistic rate, so that confidence is
calibrated. --write replaces deployment/reader/number/weights.json and matrices.npz. About 75 minutes on two cores and
12 GB of memory.
"""

if __name__ == "__main__":  # before NumPy is imported: one thread per process
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import io
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from analytics.studies.number_weights import fit
from analytics.studies.number_weights.lattices import CHUNK, Lattice, lattices_of
from core.command import refusing
from core.files import write_atomic
from core.models.fitted import bind
from core.storage import json_text
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.number.score import FILE, LEARNED, MATRICES

ITERATIONS = 100  # of L-BFGS
N_VALIDATION = 300  # numbers on which the training of the matrices is evaluated

Chunks = Iterable[list[Lattice | None]]

def begin(workers: Executor, name: str, count: int, closely: bool) -> tuple[str, int, Chunks]:
    """Start composing `count` numbers: (name of the part, number of chunks, their Lattices as they are computed)."""
    chunks = range(-(-count // CHUNK))
    return name, len(chunks), workers.map(partial(lattices_of, name, closely=closely), chunks)


def gather(name: str, n_chunks: int, chunks: Chunks) -> list[Lattice]:
    """The Lattices that contain the correct reading."""
    from tqdm import tqdm

    composed = [lattice for chunk in tqdm(chunks, total=n_chunks, desc=f"numbers of {name}") for lattice in chunk]
    lattices = [lattice for lattice in composed if lattice is not None]
    print(f"{len(lattices):,} of {len(composed):,} lattices contain the correct reading")
    return lattices


def fitted(lattices: Sequence[Lattice], start: NDArray[np.floating],
           seen: Sequence[np.ndarray] | None = None) -> NDArray[np.floating]:
    """The weights of minimal loss, with `start` as the initial value."""
    from scipy.optimize import minimize

    result = minimize(fit.loss_and_grad, start, (lattices, seen), jac=True, method="L-BFGS-B",
                      options={"maxiter": ITERATIONS})
    added = ([result.x[fit.PLAIN] * scores for scores in seen] if seen else
             [np.zeros((len(lattice.segments), 11)) for lattice in lattices])
    share = fit.exact(lattices, fit.unpack(result.x), added)
    print(f"loss {fit.loss_and_grad(start, lattices, seen)[0]:.3f} -> {result.fun:.4f}, read exactly {share:.1%}")
    return result.x


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.number_weights",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1600, help="count of numbers composed of calibration digits")
    parser.add_argument("--training", type=int, default=24_000, help="count of numbers composed of training digits")
    parser.add_argument("--write", action="store_true", help="replace the weights in use")
    args = parser.parse_args(argv)
    with refusing("numbers"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        calibration = begin(workers, "calibration", args.count, True)
        training = begin(workers, "train", args.training, False)  # computed while the first are being fitted
        lattices = gather(*calibration)
        plain = fitted(lattices, fit.START)
        train_lattices = gather(*training)
        matrices = fit.learn_matrices(train_lattices, lattices[:N_VALIDATION], plain, on_epoch=print)
        del train_lattices
        shipped = fitted(lattices, np.append(plain, 1.0), [fit.seen_by(lattice, matrices) for lattice in lattices])
        weights = {"any network": fit.unpack(plain).to_dict(), "shipped network": fit.unpack(shipped).to_dict()}
        print(json_text(weights))
        if args.write:
            buffer = io.BytesIO()
            arrays = bind(MNISTDeployer(SHIPPED).model.weights_sha256, {
                name: (shipped[fit.PLAIN] * matrix).astype(np.float16)
                for name, matrix in zip(LEARNED, matrices, strict=True)})
            np.savez(buffer, **arrays)  # pyright: ignore[reportArgumentType]  # the stub expects allow_pickle among them
            write_atomic(MATRICES, buffer.getvalue())
            write_atomic(FILE, json_text(weights))


if __name__ == "__main__":
    main()
