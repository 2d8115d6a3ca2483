"""Soft labels: what earlier networks think of each training image, for a new one to learn from.

    python -m core.soften runs/a runs/b --out runs/soft.npy
    python core/train.py --preset champion --set soft_labels=runs/soft.npy

Each teacher looks at several deformed copies of an image; the mean of all their probabilities is its soft label. A
doubtful or wrongly labelled image so gets a doubtful target, a clear one a clear one (Hinton et al. 2015).
"""

import argparse
from pathlib import Path

import numpy as np

from core import model
from core.augment import deform
from core.config import Config
from core.data import as_input
from core.digits import load_parts
from core.losses import softmax
from core.storage import ModelError, npy_bytes, write_atomic

LOOKS = Config(elastic=1.5, elastic_sigma=6, rotation=10, scale=0.1, shear=0.12, shift=0.5, thickness=0.25)


def soften(networks, X, looks, temperature=1.0, seed=0, batch=1000):
    """Mean probabilities (N, 10) float32 of networks over `looks` deformed copies of images X (N, 28, 28) uint8."""
    rng, soft = np.random.default_rng(seed), np.zeros((len(X), 10), np.float32)
    for _ in range(looks):
        for start in range(0, len(X), batch):
            part = slice(start, start + batch)
            seen = as_input(deform(X[part], rng, LOOKS))
            for network in networks:
                soft[part] += softmax(network.logits(seen) / temperature)
    return soft / (looks * len(networks))


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m core.soften", description=__doc__.splitlines()[0])
    parser.add_argument("teachers", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--looks", type=int, default=8, help="deformed copies of each image")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npy")
    args = parser.parse_args(argv)
    try:
        networks = [model.load_network(folder)[0] for folder in args.teachers]
        train = load_parts(Config())["train"]
    except (ModelError, ValueError) as error:
        raise SystemExit(f"soften: {error}") from None
    soft = soften(networks, train.X, args.looks)
    write_atomic(args.out, npy_bytes(soft))
    doubtful = float((soft[np.arange(len(train)), train.y] < 0.5).mean())
    print(f"{args.out}: {len(soft):,} soft labels of {len(networks)} networks; {doubtful:.2%} contradict their label.")


if __name__ == "__main__":
    main()
