"""The trained network at work: any picture in, a digit with its doubt out. No Streamlit here.

    from deployment.deploy_mnist import MNISTDeployer
    print(MNISTDeployer().predict("photo.jpg").digit)

From a shell: `python -m deployment.deploy_mnist photo.jpg [--json | --csv]`, with --number for whole numbers.
"""

import argparse
import json
import sys
from functools import cached_property
from pathlib import Path

import numpy as np

from core.command import refusing
from core.digits.data import as_input, load_split, read_checked
from core.explain import attribution, counterfactual, gates, neighbours, probe
from core.models import model
from core.models.check import check
from deployment.reader import left_over, wording
from deployment.reader.csv_tables import digits_csv, numbers_csv
from deployment.reader.number.read import read_number
from deployment.reader.paper.digit import find_digit
from deployment.reader.picture.load import InputError, check_images, unread_pages
from deployment.reader.prediction import Prediction

SHIPPED = model.FINAL_MODEL
RUNS = SHIPPED.parent / "runs"


class MNISTDeployer:
    """A model folder, loaded and ready. Holds no state between calls: one object serves many threads.

    Raises core.storage.ModelError, with a sentence that names the file, when the folder is missing, mixed or damaged.
    """

    def __init__(self, model_dir=SHIPPED):
        self.model_dir = Path(model_dir)
        self.model = model.load(self.model_dir)
        self.network, self.config = self.model.network, self.model.config
        self.gate_mean, self.gate_class_mean = self.model.gate_mean, self.model.gate_class_mean
        self.metrics, self.history = self.model.metrics, self.model.history
        for name, document in (("metrics.json", self.metrics), ("train_history.json", self.history)):
            check(document is not None, self.model_dir / name, "is missing")

    def predict(self, image, name="the picture", kind=None):
        """Read a picture: a path, bytes, PIL image, or array (H, W), (H, W, 3), (H, W, 4) of uint8 or floats in [0, 1].

        kind: "canvas" for strokes drawn white on black, where no paper is looked for. Raises InputError (a ValueError)
        with a sentence for people; `name` is what that sentence calls the picture.
        """
        return self.predict_batch([image], [name], kind=kind)[0]

    def predict_batch(self, images, names=None, skip_errors=False, kind=None):
        """Read many pictures, as `predict` each. A picture that cannot be read raises InputError naming its index, or,
        with skip_errors, leaves its InputError in its place in the list."""
        images = list(images)
        prepared, answers = {}, [None] * len(images)
        for i, image in enumerate(images):
            name = names[i] if names is not None else f"picture {i}"
            try:
                prepared[i] = left_over.Digit.of(find_digit(image, name, kind))
            except InputError as error:
                if not skip_errors:
                    raise
                answers[i] = error
        for i, prediction in zip(prepared, left_over.read(self, list(prepared.values())), strict=True):
            answers[i] = prediction
        return answers

    def predict_arrays(self, X):
        """Calibrated probabilities (N, 10) of images as MNIST's: (N, 28, 28), whole numbers 0..255 or floats in [0, 1].

        Raises InputError for any other shape or value, as `predict` does.
        """
        return self.model.probabilities(self._input(check_images(X)))

    def read_number(self, source, name="the picture", kind=None, strokes=()):
        """Read whole numbers, line by line: a deployment.reader.prediction.NumberReading; arguments and errors as
        `predict`'s. strokes: see deployment.reader.number.read.read_number."""
        return read_number(self, source, name, kind, strokes)

    def read_numbers(self, sources, names=None, skip_errors=False, **how):
        """Read many pictures, as `read_number` each, which says `how`; names and skip_errors as `predict_batch`'s."""
        answers = []
        for i, source in enumerate(sources):
            try:
                answers.append(self.read_number(source, names[i] if names is not None else f"picture {i}", **how))
            except InputError as error:
                if not skip_errors:
                    raise
                answers.append(error)
        return answers

    def assess(self, images):
        """Of images (N, 28, 28), floats in [0, 1], at the first look: calibrated probabilities (N, 10), the logarithm
        of the chance (N,) that each is a digit at all, as training against no digits set it (core/nn/losses.py),
        novelty (N,), and all hidden layers (N, h) in one."""
        readout, reading = self.model.readout, self.network.read(self._input(images))
        evidence = readout.evidence(reading)
        digitness = -np.logaddexp(0, evidence.energy.astype(float))
        return (readout.calibration.probabilities(evidence), digitness, readout.novelty(evidence),
                np.concatenate(reading.hidden, axis=1))

    def gate_comparison(self, image):
        """Probabilities (10,) of one (28, 28) image under four gates, by name; None for a network without a gate.

        "live"; held at its training "mean", the fair view of what this digit's own gate changes; fully "open", which
        also rescales the logits; and "shuffled", its values dealt to other units (core.explain.gates), mean of 20
        deals.
        """
        x, readout = self._input(image[None]), self.model.readout
        readings = gates.gate_modes(self.model, x, np.random.default_rng(0), shuffles=20)
        held = {name: [self.network.with_gate(gate) for gate in reading.gate] for name, reading in readings.items()}
        return {name: np.mean([readout.read(network, x)[0][0] for network in networks], axis=0)
                for name, networks in (held | {"live": [self.network]}).items()} if held else None

    def explain(self, image, digit, against, method="integrated_gradients"):
        """What each pixel of one (28, 28) image speaks for: (28, 28), positive for `digit`, negative for `against`.

        method: "integrated_gradients" or "gradient_x_input", in logits (nats) of the lead of one over the other; or
        "occlusion", the fall of the answer's probability without the ink there, whatever `digit` is. See
        core/explain/attribution.py.
        """
        x = self._input(image[None])
        if method == "occlusion":
            return attribution.occlusion(self.model, x)
        if method == "gradient_x_input":
            return attribution.gradient_x_input(self.network, x, digit, against).reshape(28, 28)
        paper = self.model.config.input_range[0]
        return attribution.integrated_gradients(self.network, x, digit, against, 32, paper).reshape(28, 28)

    @property
    def sha256(self):
        """The hash of the model in use, weights and readout: what was made from it carries the same."""
        return self.model.sha256

    @cached_property
    def bank(self):
        """The k-NN index saved beside the weights (core.explain.neighbours); ModelError, naming the command,
        without."""
        index = neighbours.NeighbourIndex.load(self.model_dir, self.sha256)
        check(len(index.basis) == self.config.hidden[-1], self.model_dir / neighbours.FILE, "is of another layer")
        return index

    def neighbours(self, prediction, count=5, digit=None):
        """The training images most like a Prediction, of one digit or of any: indices, cosine similarities of the last
        hidden layers, labels, (count,) each. Raises ModelError without an index."""
        among = self.bank if digit is None else self.bank.of_digit(digit)
        return among.nearest(prediction.hidden[-1], min(count, len(among.labels)))

    def smallest_change(self, image, to, examples=None):
        """The least ink that makes one (28, 28) image a `to`: ((28, 28) in [0, 1], a Counterfactual).

        examples: images (N, 28, 28) of `to` to start from too, near ones.
        """
        examples = None if examples is None or not len(examples) else self._input(examples)
        found = counterfactual.counterfactual(self.model, self._input(image[None]), to, examples)
        low, high = self.model.config.input_range
        return (found.image.reshape(28, 28) - low) / (high - low), found

    def layer_means(self):
        """What tells how near a layer is to each digit, from the calibration images (core.explain.probe); a second."""
        part = load_split()["calibration"]
        images, labels = (read_checked(f"train-{kind}-ubyte")[part] for kind in ("images-idx3", "labels-idx1"))
        return probe.NearestCentroidProbe.fit(self.network, self._input(images), labels)

    def layers(self, image, layer_means):
        """What each hidden layer knows of one (28, 28) image: as core.explain.probe.probe_layers."""
        return probe.probe_layers(self.network, self._input(image[None]), layer_means)

    def hidden_activations(self, X):
        """Hidden layers of images (N, 28, 28): a list of (N, h) arrays, the gated one last."""
        return self.network.read(self._input(X)).hidden

    def weights(self):
        """{layer name: weight matrix}, in order from the input."""
        parameters = self.network.named_parameters()
        return {name.rpartition("_")[0]: W for name, W in parameters.items() if W.ndim == 2}

    def _input(self, X):
        return as_input(X, self.model.config.input_range)

    def read_framed(self, images):
        """Predictions of images (N, 28, 28), floats in [0, 1], framed as MNIST's."""
        X, readout = self._input(images), self.model.readout
        reading = self.network.read(X)
        evidence, by_fold = readout.augment_doubtful(self.network, X, readout.evidence(reading))
        probs, novelty = readout.calibration.probabilities(evidence), readout.novelty(evidence)
        sets = readout.prediction_sets(by_fold)
        answers = []
        for i, emotion in enumerate(readout.emotions(probs, novelty)):
            runner_up, digit = np.argsort(probs[i], kind="stable")[-2:]
            answers.append(Prediction(
                digit=int(digit), probabilities=probs[i], confidence=float(probs[i, digit]), runner_up=int(runner_up),
                prediction_sets={alpha: np.flatnonzero(digits[i]).tolist() for alpha, digits in sets.items()},
                novelty=float(novelty[i]), emotion=str(emotion), gate=None if reading.gate is None else reading.gate[i],
                hidden=[layer[i] for layer in reading.hidden], image=images[i]))
        return answers


def available_models():
    """Model folders by name: the shipped one first, then the finished runs, newest first."""
    runs = sorted(RUNS.glob("*/config.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return {"shipped model": SHIPPED} | {f"run {path.parent.name}": path.parent for path in runs}


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m deployment.deploy_mnist", description="Read pictures of digits.",
        epilog="A box is (top, left, bottom, right) in pixels of the picture. Of several frames or pages the first is "
               "read.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR")
    parser.add_argument("--number", action="store_true", help="whole numbers, several lines of them if need be")
    written = parser.add_mutually_exclusive_group()
    written.add_argument("--json", action="store_true", help="one JSON object a line; with the box of each digit of a "
                         "number")
    written.add_argument("--csv", action="store_true", help="a table, as the page offers it of many pictures")
    args = parser.parse_args(argv)
    with refusing("deploy_mnist"):
        deployer = MNISTDeployer(args.model)
        read = deployer.read_numbers if args.number else deployer.predict_batch
        answers = read(args.files, [f"“{file}”" for file in args.files], skip_errors=True)
    if args.csv:
        print((numbers_csv if args.number else digits_csv)(args.files, answers), end="")
    for file, answer in zip(args.files, answers, strict=True):
        failed = isinstance(answer, InputError)
        for sentence in [] if failed else unread_pages(file, f"“{file}”"):
            print(sentence, file=sys.stderr)
        if args.csv:  # the table holds the answers and the refusals
            continue
        if args.json:
            result = {"error": str(answer)} if failed else answer.to_dict()
            print(json.dumps({"file": file} | result, ensure_ascii=False))
        elif failed:
            print(answer, file=sys.stderr)
        elif args.number:
            print(f"{file}: {wording.number(answer)}")
        else:
            print(f"{file}: {answer.digit}   {wording.sentence(answer)} ({answer.emotion})")
    return 1 if any(isinstance(answer, InputError) for answer in answers) else 0


if __name__ == "__main__":
    sys.exit(main())
