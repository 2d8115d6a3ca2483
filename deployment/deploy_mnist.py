"""MNISTDeployer reads pictures of digits with a trained model and states how sure it is. No Streamlit here.

    print(MNISTDeployer().predict("photo.jpg").digit)

From a shell: `python -m deployment.deploy_mnist photo.jpg [--json | --csv]`, with --number for whole numbers.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.digits.data import as_input, load_split, read_checked
from core.explain import attribution, counterfactual, gates, neighbours, probe
from core.models import model, pairs
from core.models.check import check
from core.nn.context import Array
from core.nn.losses import log_softmax, softmax
from deployment.reader import hypotheses
from deployment.reader.number.pen import Stroke
from deployment.reader.number.read import read_number
from deployment.reader.number.values import Dates
from deployment.reader.picture.batch import each, in_parts
from deployment.reader.picture.load import PictureSource, check_images, load_grey, load_pixels
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import LazySets, NumberReading, Prediction
from deployment.reader.table.read import read_table
from deployment.reader.table.reading import TableReading

SHIPPED = model.FINAL_MODEL
RUNS = model.RUNS


class MNISTDeployer:
    """A loaded model. It has no state between calls, so one object serves many threads.

    Raises core.storage.ModelError, naming the file, when the folder is missing, mixed or damaged.
    """

    def __init__(self, model_dir: str | Path = SHIPPED):
        self.model_dir = Path(model_dir)
        self._use(model.load(self.model_dir))
        for name, document in (("metrics.json", self.model.metrics), ("train_history.json", self.model.history)):
            check(document is not None, self.model_dir / name, "is missing")
        folder = self.model_dir / pairs.FOLDER.name
        self.pair_reader = pairs.load(folder if folder.is_dir() else pairs.FOLDER)

    def _use(self, loaded: model.Model) -> None:
        self.model, self.network, self.config = loaded, loaded.network, loaded.config
        self.gate_mean, self.gate_class_mean = loaded.gate_mean, loaded.gate_class_mean
        self.metrics, self.history = loaded.metrics or {}, loaded.history or {}

    def predict(self, image: PictureSource, name: str = "the picture", kind: str | None = None) -> Prediction:
        """Read a picture: a path, bytes, PIL image, or array (H, W), (H, W, 3), (H, W, 4) of uint8 or floats in [0, 1].

        kind: "canvas" for white strokes on black; no paper is searched then. Raises InputError (a ValueError) with a
        message that can be shown to people and calls the picture `name`.
        """
        return self.predict_batch([image], [name], kind=kind)[0]

    @overload
    def predict_batch(self, images: Iterable[PictureSource], names: Sequence[str] | None = None,
                      skip_errors: Literal[False] = False, kind: str | None = None) -> list[Prediction]: ...
    @overload
    def predict_batch(self, images: Iterable[PictureSource], names: Sequence[str] | None = None,
                      skip_errors: bool = False, kind: str | None = None) -> Sequence[Prediction | InputError]: ...
    def predict_batch(self, images: Iterable[PictureSource], names: Sequence[str] | None = None,
                      skip_errors: bool = False, kind: str | None = None) -> Sequence[Prediction | InputError]:
        """Read many pictures; arguments as of `predict`. A picture that cannot be read raises InputError naming its
        index; with skip_errors its InputError takes its place in the list."""
        answers: list[Prediction | InputError] = []
        load = load_grey if kind == "canvas" else load_pixels
        for loaded in in_parts(each(lambda image, name: (load(image, name), name), images, names, skip_errors)):
            pictures = [one for one in loaded if not isinstance(one, InputError)]
            read = iter(hypotheses.read(self, pictures, kind))
            answers += [one if isinstance(one, InputError) else next(read) for one in loaded]
        for answer in answers:
            if isinstance(answer, InputError) and not skip_errors:
                raise answer
        return answers

    def predict_arrays(self, X: ArrayLike) -> Array:
        """Calibrated probabilities (N, 10) of framed images (N, 28, 28), integers 0..255 or floats in [0, 1].

        Raises InputError for any other shape or value.
        """
        return self.model.probabilities(self._input(check_images(X)))

    def read_number(self, source: PictureSource, name: str = "the picture", kind: str | None = None,
                    strokes: Sequence[Stroke] = (), signs: bool = True, dates: Dates = "dmy") -> NumberReading:
        """Read whole numbers, line by line; arguments and errors as of `predict`. strokes, signs, dates: as of
        deployment.reader.number.read.read_number."""
        return read_number(self, source, name, kind, strokes, signs, dates)

    def read_numbers(self, sources: Iterable[PictureSource], names: Sequence[str] | None = None,
                     skip_errors: bool = False, **options) -> list[NumberReading | InputError]:
        """Read many pictures; options: arguments of `read_number`; names and skip_errors as of `predict_batch`."""
        return list(each(lambda source, name: self.read_number(source, name, **options), sources, names, skip_errors))

    def read_table(self, source: PictureSource, name: str = "the picture") -> TableReading:
        """Read a table of handwritten numbers, with lines between its cells or without; arguments and errors as of
        `predict`."""
        return read_table(self, source, name)

    def assess_pairs(self, X: Array) -> Array:
        """Log probabilities (N, 121) of what windows X (N, 984) show, by the pair reader of the model's folder, or else
        the shipped one (core/digits/pairs)."""
        return log_softmax(self.pair_reader.logits(X))

    def assess(self, images: Array) -> tuple[Array, Array, Array]:
        """Evidence on images (N, 28, 28), floats in [0, 1], without test-time augmentation.

        Returns calibrated probabilities (N, 10), log-probabilities (N,) that each image is a digit (the energy trained
        against non-digits, core/nn/losses.py), and novelty (N,).
        """
        readout, reading = self.model.readout, self.network.read(self._input(images))
        evidence = readout.evidence(reading)
        digitness = -np.logaddexp(0, evidence.energy.astype(float))
        return readout.calibration.probabilities(evidence), digitness, readout.novelty(evidence)

    def assess_copies(self, images: Array, count: int) -> Array:
        """Probabilities (N, count, 10) of deformed copies of images (N, 28, 28), floats in [0, 1], as of test-time
        augmentation; (N, 1, 10), of the images themselves, for a model without it."""
        X, augmentation = self._input(images), self.model.readout.augmentation
        if augmentation is None:
            return softmax(self.network.logits(X) / self.model.readout.temperature)[:, None]
        return softmax(replace(augmentation, count=count).copies_logits(self.network, X) / augmentation.temperature)

    def gate_comparison(self, image: Array) -> dict[str, Array] | None:
        """Probabilities (10,) of one (28, 28) image under four gates, by name; None for a network without a gate.

        "live"; "mean": held at its training mean; "open": all ones, which also rescales the logits; "shuffled": its
        values permuted over the units, mean of 20 permutations (core.explain.gates).
        """
        return gates.gate_answers(self.model, self._input(image[None]), np.random.default_rng(0), shuffles=20) or None

    def explain(self, image: Array, digit: int, against: int, method: str = "integrated_gradients") -> Array:
        """Attribution (28, 28) of one (28, 28) image: positive for `digit`, negative for `against`.

        method: "integrated_gradients" or "gradient_x_input", in nats of the difference of the two logits; or
        "occlusion", the drop of the answer's probability when the ink there is removed, whatever `digit` is. See
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
    def sha256(self) -> str:
        """The hash of the model, weights and readout; files made with the model store it."""
        return self.model.sha256

    @cached_property
    def bank(self) -> neighbours.NeighbourIndex:
        """The k-NN index stored beside the weights. Raises ModelError, naming the command that makes it, if missing."""
        index = neighbours.NeighbourIndex.load(self.model_dir, self.sha256)
        check(len(index.basis) == self.config.hidden[-1], self.model_dir / neighbours.FILE, "is of another layer")
        return index

    def neighbours(self, prediction: Prediction, count: int = 5,
                   digit: int | None = None) -> tuple[NDArray[np.integer], Array, NDArray[np.integer]]:
        """The training images nearest to a Prediction, of one digit or of any: indices, cosine similarities of the last
        hidden layer, labels, (count,) each. Raises ModelError without an index."""
        index = self.bank if digit is None else self.bank.of_digit(digit)
        return index.nearest(prediction.hidden[-1], min(count, len(index.labels)))

    def smallest_change(self, image: Array, to: int,
                        examples: NDArray[Any] | None = None) -> tuple[Array, counterfactual.Counterfactual]:
        """The smallest change of ink that makes one (28, 28) image a `to`: ((28, 28) in [0, 1], a Counterfactual).

        examples: further starting points (N, 28, 28), near images of `to`.
        """
        starts = None if examples is None or not len(examples) else self._input(examples)
        change = counterfactual.counterfactual(self.model, self._input(image[None]), to, starts)
        low, high = self.model.config.input_range
        return (change.image.reshape(28, 28) - low) / (high - low), change

    def layer_means(self) -> probe.NearestCentroidProbe:
        """Fit the probe of the hidden layers to the calibration images; takes about a second."""
        part = load_split()["calibration"]
        images, labels = (read_checked(f"train-{kind}-ubyte")[part] for kind in ("images-idx3", "labels-idx1"))
        return probe.NearestCentroidProbe.fit(self.network, self._input(images), labels)

    def layers(self, image: Array, layer_means: probe.NearestCentroidProbe) -> list[dict]:
        """Nearest digit of one (28, 28) image in each hidden layer, as of core.explain.probe.probe_layers."""
        return probe.probe_layers(self.network, self._input(image[None]), layer_means)

    def hidden_activations(self, X: NDArray) -> list[Array]:
        """Activations (N, h) of each hidden layer for images (N, 28, 28), the gated layer last."""
        return self.network.read(self._input(X)).hidden

    def weights(self) -> dict[str, Array]:
        """{layer name: weight matrix}, in order from the input."""
        parameters = self.network.named_parameters()
        return {name.rpartition("_")[0]: W for name, W in parameters.items() if W.ndim == 2}

    def _input(self, X: NDArray) -> Array:
        return as_input(X, self.model.config.input_range)

    def read_framed(self, images: Array) -> list[Prediction]:
        """Predictions of framed images (N, 28, 28), floats in [0, 1]."""
        X, readout = self._input(images), self.model.readout
        reading = self.network.read(X)
        evidence, by_fold = readout.augment_doubtful(self.network, X, readout.evidence(reading))
        probs, novelty = readout.calibration.probabilities(evidence), readout.novelty(evidence)
        sets = cache(partial(readout.prediction_sets, by_fold))
        answers = []
        for i, emotion in enumerate(readout.emotions(probs, novelty)):
            runner_up, digit = np.argsort(probs[i], kind="stable")[-2:]
            answers.append(Prediction(
                digit=int(digit), probabilities=probs[i], confidence=float(probs[i, digit]), runner_up=int(runner_up),
                prediction_sets=LazySets(sets, i), novelty=float(novelty[i]), emotion=str(emotion),
                gate=None if reading.gate is None else reading.gate[i],
                hidden=[layer[i] for layer in reading.hidden], image=images[i]))
        return answers


def available_models() -> dict[str, Path]:
    """Model folders by name: the shipped model, then the finished runs of digit networks, newest first."""
    runs = sorted((path for path in RUNS.glob("*/config.json") if not pairs.is_pair_reader(path.parent)),
                  key=lambda path: path.stat().st_mtime, reverse=True)
    return {"shipped model": SHIPPED} | {f"run {path.parent.name}": path.parent for path in runs}


def main(argv: Sequence[str] | None = None) -> int:
    """Read pictures as the command line says; see deployment/command.py."""
    from deployment.command import main as run  # which needs MNISTDeployer

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
