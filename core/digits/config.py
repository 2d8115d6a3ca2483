"""The settings of a training run on digits; they are saved with the run."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from core.nn.settings import ClassificationSettings, NetworkSettings
from core.settings import as_text

STRENGTHS = ("elastic", "rotation", "scale", "shear", "shift", "thickness", "width")  # of the deformations
MOST_WEIGHTS = 200_000_000  # 800 MB of float32


@dataclass(frozen=True)
class Config(NetworkSettings, ClassificationSettings):
    """The settings of the engine (core/nn/settings.py) and those of data and augmentation."""

    preset: str = "default"  # the name of the preset

    # Data. The parts are fixed (core/digits/data.py); "all" trains on all 60,000 images, with settings selected on
    # validation.
    train_on: str = "train"  # "train" or "all"
    csv: str = ""  # a file of training images that replaces MNIST's; its images are split at random
    csv_sha256: str = ""  # the hash of that file; a resumed run checks it
    input_range: tuple[float, float] = (0.0, 1.0)  # pixels are scaled linearly to this

    # Pictures of the stroke model (core/digits/strokes), which replace a share of the training images
    synthetic: float = 0.0  # share of digits, in writing styles of the whole world
    negatives: float = 0.0  # share of pictures that are not digits, trained to give no evidence for any class

    # Augmentation (core/digits/augmentation.py), new in each epoch; all zero: none
    elastic: float = 0.0  # largest standard deviation of the displacement, pixels
    elastic_sigma: float = 5.0  # its smoothness, pixels
    rotation: float = 0.0  # degrees
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0  # pixels
    thickness: float = 0.0  # mix with the thicker or thinner stroke
    ornament: float = 0.0  # share of 0, 1 and 7 that get a slash, a flag or a bar
    width: float = 0.0  # the digit's width times a factor from 1 - width to 1 / (1 - width), log-uniform
    anneal: float = 0.0  # share of the run, at its end, during which deformations fall linearly to zero

    CHOICES: ClassVar[dict] = {**NetworkSettings.CHOICES, **ClassificationSettings.CHOICES,
                               "train_on": ("train", "all")}
    RANGES: ClassVar[dict] = {
        **NetworkSettings.RANGES, **ClassificationSettings.RANGES, "input_range": "[-10, 10]",
        **dict.fromkeys(("ornament", "thickness", "anneal"), "[0, 1]"),
        **dict.fromkeys(("synthetic", "negatives"), "[0, 0.5)"),
        **dict.fromkeys(("scale", "shear", "width"), "[0, 0.9]"), "elastic": "[0, 28]", "elastic_sigma": "[0.5, 100]",
        "rotation": "[0, 180]", "shift": "[0, 28]",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.input_range) != 2 or self.input_range[0] >= self.input_range[1]:
            raise ValueError(f"input_range must be two rising numbers, not {as_text(self.input_range)}")
        if len(self.hidden) > 16:
            raise ValueError(f"hidden names {len(self.hidden)} layers; at most 16 are allowed")
        weights = sum(n_in * n_out for n_in, n_out in pairwise((784, *self.hidden, 10)))
        if weights > MOST_WEIGHTS:
            raise ValueError(f"hidden gives {weights / 1e6:,.0f} million weights; at most {MOST_WEIGHTS / 1e6:,.0f} "
                             "million are allowed")

    @property
    def augments(self) -> bool:
        """Whether any augmentation is on."""
        return any((self.ornament, *(getattr(self, name) for name in STRENGTHS)))

    def at(self, done: float) -> "Config":
        """The Config with the deformations as strong as they are when the share `done` of the run is over."""
        left = (1 - done) / self.anneal if self.anneal else 1.0
        if left >= 1:
            return self
        return self.replace(**{name: left * getattr(self, name) for name in STRENGTHS})
