"""Every setting of a training run, in one place, saved with the run."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from core.nn.settings import ClassificationSettings, NetworkSettings
from core.settings import as_text

MOST_WEIGHTS = 200_000_000


@dataclass(frozen=True)
class Config(NetworkSettings, ClassificationSettings):
    preset: str = "default"  # the name of the preset

    # Data. The parts are fixed (core/digits/data.py); "all" trains on the 60,000 images, for a recipe that validation
    # chose.
    train_on: str = "train"  # "train" or "all"
    csv: str = ""  # a file of training images in place of MNIST's; its parts are drawn by chance, image by image
    csv_sha256: str = ""  # what that file held, so that nothing goes on with another one
    input_range: tuple = (0.0, 1.0)  # pixels are scaled linearly to this

    # Pictures made by the stroke model (core/digits/strokes), in place of a share of the training images
    synthetic: float = 0.0  # share of digits, in the hands of the whole world
    negatives: float = 0.0  # share of what is no digit, for which nothing is to speak for any answer

    # Augmentation (core/digits/augmentation.py), fresh each epoch; all zero: none
    elastic: float = 0.0  # largest standard deviation of the displacement, pixels
    elastic_sigma: float = 5.0  # its smoothness, pixels
    rotation: float = 0.0  # degrees
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0  # pixels
    thickness: float = 0.0  # mix with the thicker or thinner stroke
    ornament: float = 0.0  # share of 0, 1 and 7 that get a slash, a flag or a bar

    CHOICES: ClassVar[dict] = {**NetworkSettings.CHOICES, **ClassificationSettings.CHOICES,
                               "train_on": ("train", "all")}
    RANGES: ClassVar[dict] = {
        **NetworkSettings.RANGES, **ClassificationSettings.RANGES, "input_range": "[-10, 10]",
        **dict.fromkeys(("ornament", "thickness"), "[0, 1]"), **dict.fromkeys(("synthetic", "negatives"), "[0, 0.5)"),
        **dict.fromkeys(("scale", "shear"), "[0, 0.9]"), "elastic": "[0, 28]", "elastic_sigma": "[0.5, 100]",
        "rotation": "[0, 180]", "shift": "[0, 28]",
    }

    def __post_init__(self):
        super().__post_init__()
        if len(self.input_range) != 2 or self.input_range[0] >= self.input_range[1]:
            raise ValueError(f"input_range must be two rising numbers, not {as_text(self.input_range)}")
        if len(self.hidden) > 16:
            raise ValueError(f"hidden names {len(self.hidden)} layers; at most 16 are built")
        weights = sum(n_in * n_out for n_in, n_out in pairwise((784, *self.hidden, 10)))
        if weights > MOST_WEIGHTS:
            raise ValueError(
                f"hidden makes {weights / 1e6:,.0f} million weights; at most {MOST_WEIGHTS / 1e6:,.0f} million "
                "are built"
            )

    @property
    def augments(self):
        return any((self.elastic, self.rotation, self.scale, self.shear, self.shift, self.thickness,
                    self.ornament))
