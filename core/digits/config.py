"""Every setting of a training run, in one place, saved with the run."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from core.settings import Settings, as_text

MOST_WEIGHTS = 200_000_000


@dataclass(frozen=True)
class Config(Settings):
    preset: str = "default"  # the name of the preset it came from
    seed: int = 0  # initial weights, order of samples, augmentation and dropout all follow from it

    # Data. The parts are fixed (core/digits/data.py); "all" trains on the 60,000 images, for a recipe that validation
    # chose.
    train_on: str = "train"  # "train" or "all"
    csv: str = ""  # a file of training images in place of MNIST's; its parts are drawn by chance, image by image
    csv_sha256: str = ""  # what that file held, so that nothing goes on with another one
    input_range: tuple = (0.0, 1.0)  # pixels are scaled linearly to this

    # Pictures made by the stroke model (core/digits/strokes), in place of a share of the training images
    synthetic: float = 0.0  # share of digits, in the hands of the whole world
    negatives: float = 0.0  # share of what is no digit, for which nothing is to speak for any answer

    # Network: 784 - hidden ... - gate - 10
    hidden: tuple = (1024, 1024, 1024)
    activation: str = "relu"  # "relu" or "sigmoid"
    init: str = "he"  # "he" or "xavier"
    gate: bool = True  # the emotional gate after the last hidden layer
    batch_norm: bool = False  # in training, between Dense and activation; the finished network has it in its weights
    dropout: float = 0.0  # after each hidden layer
    input_dropout: float = 0.0  # on the pixels

    # Optimiser and schedule
    optimizer: str = "adamw"  # "sgd", "adam" or "adamw"
    lr: float = 1e-3  # the peak
    schedule: str = "cosine"  # "constant", "step" or "cosine"
    warmup: float = 0.1  # share of the run during which lr rises
    final_lr: float = 0.0  # where the cosine ends, as a share of lr
    step_factor: float = 0.5  # "step": lr is multiplied by this ...
    step_epochs: int = 10  # ... each so many epochs
    momentum: float = 0.9  # sgd
    beta1: float = 0.9  # adam, adamw
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0  # decoupled, on weight matrices; per step lr * weight_decay
    l2: float = 0.0  # adds l2 / 2 * |W|^2 to the loss
    clip: float = 0.0  # largest norm of a gradient; 0: none
    label_smoothing: float = 0.0
    focal_gamma: float = 0.0  # samples weigh (1 - probability of their label) ** focal_gamma, over the batch's mean
    ema: float = 0.0  # decay per step of the average of the weights that is evaluated and kept; 0: none

    # Length
    batch_size: int = 256
    epochs: int = 20
    patience: int = 0  # stop after so many epochs without a better validation accuracy; 0: never
    keep: str = "best"  # the weights of the "best" epoch on validation, or of the "last"

    # Augmentation (core/digits/augmentation.py), fresh each epoch; all zero: none
    elastic: float = 0.0  # largest standard deviation of the displacement, pixels
    elastic_sigma: float = 5.0  # its smoothness, pixels
    rotation: float = 0.0  # degrees
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0  # pixels
    thickness: float = 0.0  # mix with the thicker or thinner stroke
    ornament: float = 0.0  # share of 0, 1 and 7 that get a slash, a flag or a bar

    RENAMED: ClassVar = {"attention": "focal_gamma"}
    FORMER: ClassVar = {"schedule": {"one_cycle": "cosine"}}
    CHOICES: ClassVar = {
        "train_on": ("train", "all"), "activation": ("relu", "sigmoid"), "init": ("he", "xavier"),
        "optimizer": ("sgd", "adam", "adamw"), "schedule": ("constant", "step", "cosine"),
        "keep": ("best", "last"),
    }
    RANGES: ClassVar = {
        "seed": "[0, 4294967295]", "input_range": "[-10, 10]", "hidden": "[1, 16384]",
        **dict.fromkeys(("dropout", "input_dropout", "warmup", "label_smoothing", "ema", "beta1", "beta2"), "[0, 1)"),
        **dict.fromkeys(("momentum", "final_lr", "step_factor", "ornament", "thickness"), "[0, 1]"),
        **dict.fromkeys(("synthetic", "negatives"), "[0, 0.5)"),
        **dict.fromkeys(("scale", "shear"), "[0, 0.9]"),
        "lr": "(0, 1e30]", "eps": "(0, 1]", **dict.fromkeys(("weight_decay", "l2", "clip", "focal_gamma"), "[0, 1e6]"),
        **dict.fromkeys(("step_epochs", "epochs", "batch_size"), "[1, 1000000]"), "patience": "[0, 1000000]",
        "elastic": "[0, 28]", "elastic_sigma": "[0.5, 100]", "rotation": "[0, 180]", "shift": "[0, 28]",
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
