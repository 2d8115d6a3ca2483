"""Check "who taught you that" by leaving images out: `python -m analytics.studies.influence`.

For validation digits, the 50 training images that argued most for the answer, and the 50 against it
(core/explain/influence.py), are left out, the last layer is fitted again to convergence, and the change of the answer's
logit is compared with the stated direction, beside 50 random images and the 50 nearest. Writes
analytics/reports/influence.md; a few minutes on one core.
"""

if __name__ == "__main__":  # before NumPy is imported
    from core.blas import use_one_thread

    use_one_thread()

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.reports import write_report
from core.command import refusing
from core.digits.data import DIGITS, as_input, load_split, read_checked
from core.explain.influence import DIMENSIONS, build
from core.formats import interval, measured
from core.metrics import wilson_interval
from core.models import model
from core.nn.losses import log_softmax, softmax

COMMAND = "python -m analytics.studies.influence"
LEFT_OUT = 50  # images
LEADING = 64  # directions whose exact curvature preconditions the fit
TOLERANCE = 5e-7  # largest component of the preconditioned gradient at the end of a fit
Floats = NDArray[np.float64]


class Change(NamedTuple):
    """The change of the answer's logit, and of its log-odds log(p / (1 - p)), when images are left out."""

    logit: float
    log_odds: float


@dataclass
class LastLayer:
    """Multinomial logistic regression: sum(cross-entropy of A theta) / n + l2 / 2 |W|^2, theta (k, 10), the bias first.

    A (n, k): features behind a column of ones, their directions in the order of decreasing variance; y (n,).
    """

    A: Floats
    y: NDArray[np.integer]
    l2: float

    def __post_init__(self) -> None:
        n, k = self.A.shape
        self.decay = np.full((k, 1), self.l2)
        self.decay[0] = 0
        self.targets = np.eye(DIGITS)[self.y]
        self.theta = np.zeros((k, DIGITS))
        for _ in range(3):  # the curvature changes on the way
            self.root = np.linalg.cholesky(self.curvature(LEADING + 1))
            probs = softmax(self.A @ self.theta)
            spread = np.einsum("nk,nk->k", self.A, self.A)[LEADING + 1 :] / n
            self.rest = np.sqrt(self.l2 + float((probs * (1 - probs)).mean()) * spread)[:, None]
            self.theta = self.fit(np.ones(n))

    def curvature(self, k: int) -> Floats:
        """The Hessian (10 k, 10 k) with respect to the first k rows of theta, ordered by class."""
        probs, A, blocks = softmax(self.A @ self.theta), self.A[:, :k], np.zeros((DIGITS, k, DIGITS, k))
        for a in range(DIGITS):
            for b in range(a, DIGITS):
                blocks[a, :, b] = (A * (probs[:, a] * ((a == b) - probs[:, b]))[:, None]).T @ A / len(A)
                blocks[b, :, a] = blocks[a, :, b]
        hessian = blocks.reshape(DIGITS * k, DIGITS * k)
        hessian.ravel()[:: DIGITS * k + 1] += np.tile(np.maximum(self.decay[:k, 0], 1e-6), DIGITS)
        return hessian

    def loss_and_grad(self, theta: Floats, use: Floats) -> tuple[float, Floats]:
        """The loss and its gradient (k, 10); use (n,): 0 for images that are left out, 1 for the others."""
        logs = log_softmax(self.A @ theta)
        loss = -float(use @ (self.targets * logs).sum(axis=1)) / len(self.A)
        residual = (np.exp(logs) - self.targets) * use[:, None]
        return (loss + 0.5 * float((self.decay * theta**2).sum()),
                self.A.T @ residual / len(self.A) + self.decay * theta)

    def fit(self, use: Floats) -> Floats:
        """theta at the minimum without the images whose `use` is 0, by L-BFGS in preconditioned coordinates from the
        present theta."""
        from scipy.linalg import solve_triangular
        from scipy.optimize import minimize

        k = LEADING + 1

        def whitened(values: Floats, transposed: int) -> Floats:
            first = solve_triangular(self.root, values[:k].T.ravel(), lower=True, trans=transposed, check_finite=False)
            return np.vstack([first.reshape(DIGITS, k).T, values[k:] / self.rest])

        def loss(u: Floats) -> tuple[float, Floats]:
            value, grad = self.loss_and_grad(self.theta + whitened(u.reshape(self.theta.shape), 1), use)
            return value, whitened(grad, 0).ravel()

        minimum = minimize(loss, np.zeros(self.theta.size), jac=True, method="L-BFGS-B",
                           options={"maxiter": 200, "ftol": 0, "gtol": TOLERANCE})
        return self.theta + whitened(minimum.x.reshape(self.theta.shape), 1)


def hessian_scores(layer: LastLayer, factor: tuple[Floats, bool], a: Floats, answer: int) -> Floats:
    """The influence (n,) of each image on logit[answer] by Koh & Liang (2017), positive for an argument in favour."""
    from scipy.linalg import cho_solve

    direction = np.zeros((DIGITS, len(a)))
    direction[answer] = a
    effect = cho_solve(factor, direction.ravel(), check_finite=False).reshape(direction.shape).T
    residual = softmax(layer.A @ layer.theta) - layer.targets
    return -((layer.A @ effect) * residual).sum(axis=1)


def study(n: int, questions: int, l2: float, seed: int) -> tuple[dict[str, list[Change]], dict[str, float]]:
    """Changes by the kind of images left out, and figures about the fit and the lists."""
    from scipy.linalg import cho_factor
    from tqdm import tqdm

    loaded, rng, parts = model.load(), np.random.default_rng(seed), load_split()
    images, labels = (read_checked(f"train-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    train = np.sort(rng.choice(parts["train"], n, replace=False))
    asked = np.sort(rng.choice(parts["validation"], questions, replace=False))
    input_range, network = loaded.config.input_range, loaded.network
    index = build(network, images[train], labels[train], input_range=input_range)

    def features(rows: NDArray[np.integer]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        read = [network.read(as_input(images[rows[i : i + 500]], input_range)) for i in range(0, len(rows), 500)]
        return np.concatenate([one.hidden[-1] for one in read]), np.concatenate([one.logits for one in read])

    def with_ones(H: NDArray[np.floating]) -> Floats:
        return np.column_stack([np.ones(len(H)), (H @ index.basis).astype(np.float64)])

    (H, logits), layer = features(asked), LastLayer(with_ones(features(train)[0]), labels[train], l2)
    A, answers, probs = with_ones(H), logits.argmax(axis=1), softmax(logits)
    factor = cho_factor(layer.curvature(layer.A.shape[1]))
    length = np.linalg.norm(layer.A[:, 1:], axis=1)
    changes: dict[str, list[Change]] = {}
    same = {"for": 0.0, "against": 0.0}
    for i, answer in enumerate(tqdm(answers, desc="influence", unit="question")):
        plain = index.scores(H[i], probs[i], answer)
        scaled = hessian_scores(layer, factor, A[i], answer)
        near = layer.A[:, 1:] @ A[i, 1:] / length
        sets = {"for": np.argsort(-plain)[:LEFT_OUT], "against": np.argsort(plain)[:LEFT_OUT],
                "for, Hessian": np.argsort(-scaled)[:LEFT_OUT], "against, Hessian": np.argsort(scaled)[:LEFT_OUT],
                "nearest": np.argsort(-near)[:LEFT_OUT], "random": rng.choice(n, LEFT_OUT, replace=False)}
        for name in same:
            same[name] += float((labels[train[sets[name]]] == answer).mean()) / questions
        before = A[i] @ layer.theta
        for name, rows in sets.items():
            use = np.ones(n)
            use[rows] = 0
            after = A[i] @ layer.fit(use)
            changes.setdefault(name, []).append(Change(float(after[answer] - before[answer]),
                                                       log_odds(after, answer) - log_odds(before, answer)))
    fitted = (A @ layer.theta).argmax(axis=1)
    return changes, {"error": index.error, "agree": float((fitted == answers).mean()),
                     **{f"same {name}": share for name, share in same.items()}}


def log_odds(logits: Floats, answer: int) -> float:
    """log(p / (1 - p)) of one class, without cancellation."""
    others = np.delete(logits, answer)
    return float(logits[answer] - others.max() - np.log(np.exp(others - others.max()).sum()))


def table(changes: dict[str, list[Change]]) -> str:
    """Markdown: for each kind of images left out, how often and how far the answer moved."""
    lines = ["| 50 images left out | stated | logit as stated | log-odds as stated | further than with random images | "
             "mean change of the logit (sd) | of the log-odds (sd) |", "|---|---|---|---|---|---|---|"]
    random = np.array(changes["random"])
    for name, of in changes.items():
        moved = np.array(of)
        sign = 1 if name.startswith("against") else -1
        cells = []
        for column in range(2):
            right = int((sign * moved[:, column] > 0).sum())
            cells.append(f"{measured(right / len(of))} ({interval(wilson_interval(right, len(of)))})")
        further = "" if name == "random" else measured(float((sign * (moved - random)[:, 0] > 0).mean()))
        means = [f"{moved[:, k].mean():+.3f} ({moved[:, k].std(ddof=1):.3f})" for k in range(2)]
        lines.append(f"| {name} | {'rises' if sign > 0 else 'falls'} | {' | '.join([*cells, further, *means])} |")
    return "\n".join(lines)


def report(changes: dict[str, list[Change]], figures: dict[str, float], n: int, l2: float) -> str:
    """The body of the report."""
    questions = len(changes["random"])
    return f"""Questions: {questions} validation digits, each about the shipped network's answer. Training images: \
{n:,}, drawn from the train part. The last layer is fitted to their features in the {DIMENSIONS} stored directions, \
with hard labels and the penalty l2 / 2 |W|², l2 = {l2:g}, the same in every fit, until no component of the \
preconditioned gradient exceeds {TOLERANCE:g}; it gives the network's answer in {measured(figures['agree'])} of the \
questions. Scores are those of the app: features as int8 (error of inner products {measured(figures['error'])}), \
residuals of the shipped network. "Hessian" scores are the influence function of Koh & Liang (2017) with the exact \
Hessian and the residuals of the fit.

{table(changes)}

Brackets: 95 % intervals (Wilson) and standard deviations over questions. For *nearest* and *random* images \
nothing is stated; their rows show how often the answer falls. Leaving out any images lowers most logits a little, \
because fewer images stand against the same penalty: compare with *random*. Logits have a common shift that no \
probability depends on; log-odds have not, and are what the score is about.

Of the 50 images for an answer {measured(figures['same for'])} have its label, of the 50 against it \
{measured(figures['same against'])}.
"""


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=3000, help="training images")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--l2", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-report", action="store_true", help="print the table only")
    args = parser.parse_args(argv)
    with refusing("influence"):
        changes, figures = study(args.images, args.questions, args.l2, args.seed)
    print(table(changes), figures)
    if not args.no_report:
        write_report("influence", "Who taught you that", COMMAND, report(changes, figures, args.images, args.l2))


if __name__ == "__main__":
    main()
