"""What speaks for a reading of a number, weighed: `python -m analytics.studies.number_weights [--write]`.

Composes numbers, apart, touching and overlapping, some with signs that are no digits among them, drawn or photographed,
and finds the weights (deployment/reader/number/score.py) that make their right readings likeliest. The matrices on the
network's hidden layers are learned from numbers of training digits, of which many are joined; all other weights, and
how much the matrices count, from digits of the calibration writers, whom the network has never seen, joined as seldom
as in life: so that confidence keeps its word. With --write they replace deployment/reader/number/weights.json and
matrices.npz. About an hour and a quarter on two cores, and 12 GB of memory.
"""

if __name__ == "__main__":  # before NumPy is imported: one core for each of two processes
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import io
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from analytics.studies.number_weights import fit
from analytics.studies.number_weights.lattices import CHUNK, lattices_of
from core.command import refusing
from core.files import write_atomic
from core.models.fitted import bind
from core.storage import json_text
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader.number.score import FILE, LEARNED, MATRICES

ROUNDS = 100
WATCHED = 300


def begin(workers, name, count, closely):
    """(name, chunks, the Lattices of each to come) of `count` composed numbers."""
    chunks = range(-(-count // CHUNK))
    return name, len(chunks), workers.map(partial(lattices_of, name, closely=closely), chunks)


def gather(name, chunks, made):
    """Those Lattices that can be read rightly at all."""
    from tqdm import tqdm

    found = [one for chunk in tqdm(made, total=chunks, desc=f"numbers of {name}") for one in chunk]
    lattices = [one for one in found if one is not None]
    print(f"{len(lattices):,} of {len(found):,} can be read rightly at all")
    return lattices


def fitted(lattices, start, seen=None):
    """The weights of least loss, from `start` on."""
    from scipy.optimize import minimize

    result = minimize(fit.loss_and_grad, start, (lattices, seen), jac=True, method="L-BFGS-B",
                      options={"maxiter": ROUNDS})
    added = seen and [result.x[fit.PLAIN] * one for one in seen]
    share = fit.exact(lattices, fit.unpack(result.x), added or [np.zeros((len(one.segments), 11)) for one in lattices])
    print(f"loss {fit.loss_and_grad(start, lattices, seen)[0]:.3f} -> {result.fun:.4f}, read exactly {share:.1%}")
    return result.x


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.number_weights",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1600, help="numbers of calibration digits")
    parser.add_argument("--training", type=int, default=24_000, help="numbers of training digits")
    parser.add_argument("--write", action="store_true", help="replace the weights in use")
    args = parser.parse_args(argv)
    with refusing("numbers"), ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        seen_first = begin(workers, "calibration", args.count, True)
        seen_then = begin(workers, "train", args.training, False)  # made while the first are being weighed
        lattices = gather(*seen_first)
        plain = fitted(lattices, fit.START)
        learned = gather(*seen_then)
        matrices = fit.learn_matrices(learned, lattices[:WATCHED], plain, on_epoch=print)
        del learned
        own = fitted(lattices, np.append(plain, 1.0), [fit.seen_by(one, matrices) for one in lattices])
        weights = {"any network": fit.unpack(plain).to_dict(), "shipped network": fit.unpack(own).to_dict()}
        print(json_text(weights))
        if args.write:
            buffer = io.BytesIO()
            share = own[fit.PLAIN]
            np.savez(buffer, **bind(MNISTDeployer(SHIPPED).model.weights_sha256, {
                name: (share * matrix).astype(np.float16) for name, matrix in zip(LEARNED, matrices, strict=True)}))
            write_atomic(MATRICES, buffer.getvalue())
            write_atomic(FILE, json_text(weights))


if __name__ == "__main__":
    main()
