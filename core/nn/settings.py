"""The settings that the engine reads: of a network, of a training run, of classification."""

from dataclasses import dataclass
from typing import ClassVar

from core.settings import Settings


@dataclass(frozen=True)
class NetworkSettings(Settings):
    """n_in - hidden ... - (gate) - n_out, see core.nn.network.build_network."""

    hidden: tuple[int, ...] = (1024, 1024, 1024)
    activation: str = "relu"  # "relu" or "sigmoid"
    init: str = "he"  # "he" or "xavier"
    gate: bool = True  # the emotional gate after the last hidden layer
    batch_norm: bool = False  # between Dense and activation in training, folded into the weights afterwards
    dropout: float = 0.0  # after each hidden layer
    input_dropout: float = 0.0  # on the input

    CHOICES: ClassVar[dict] = {"activation": ("relu", "sigmoid"), "init": ("he", "xavier")}
    RANGES: ClassVar[dict] = {"hidden": "[1, 16384]", "dropout": "[0, 1)", "input_dropout": "[0, 1)"}


@dataclass(frozen=True)
class FitSettings(Settings):
    """Optimiser, schedule and length of a training run, see core.nn.training.fit."""

    seed: int = 0  # initial weights, order of samples, augmentation and dropout all follow from it

    # Optimiser
    optimizer: str = "adamw"  # "sgd", "adam" or "adamw"
    momentum: float = 0.9  # sgd
    beta1: float = 0.9  # adam, adamw
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0  # decoupled, on weight matrices; per step lr * weight_decay
    clip: float = 0.0  # largest norm of a gradient; 0: no limit
    ema: float = 0.0  # decay per step of the weights' moving average, which is evaluated and saved; 0: none

    # Schedule
    lr: float = 1e-3  # the peak
    schedule: str = "cosine"  # "constant", "step" or "cosine"
    warmup: float = 0.1  # share of the run during which lr rises
    final_lr: float = 0.0  # the end of the cosine, as a share of lr
    step_factor: float = 0.5  # "step": lr is multiplied by this factor ...
    step_epochs: int = 10  # ... after each so many epochs

    # Length
    epochs: int = 20
    patience: int = 0  # stop after so many epochs without a better score; 0: never
    keep: str = "best"  # the weights of the "best" epoch on validation, or of the "last"

    FORMER: ClassVar[dict] = {"schedule": {"one_cycle": "cosine"}}
    CHOICES: ClassVar[dict] = {"optimizer": ("sgd", "adam", "adamw"), "schedule": ("constant", "step", "cosine"),
                               "keep": ("best", "last")}
    RANGES: ClassVar[dict] = {
        "seed": "[0, 4294967295]", "lr": "(0, 1e30]", "eps": "(0, 1]",
        **dict.fromkeys(("warmup", "ema", "beta1", "beta2"), "[0, 1)"),
        **dict.fromkeys(("momentum", "final_lr", "step_factor"), "[0, 1]"),
        **dict.fromkeys(("weight_decay", "clip"), "[0, 1e6]"),
        **dict.fromkeys(("step_epochs", "epochs"), "[1, 1000000]"), "patience": "[0, 1000000]",
    }


@dataclass(frozen=True)
class ClassificationSettings(FitSettings):
    """Batch and loss of a classification run, see core.nn.classification.ClassificationTask."""

    batch_size: int = 256
    l2: float = 0.0  # adds l2 / 2 * |W|^2 to the loss
    label_smoothing: float = 0.0
    focal_gamma: float = 0.0  # sample weights (1 - probability of the label) ** focal_gamma, divided by their mean

    RENAMED: ClassVar[dict] = {"attention": "focal_gamma"}
    RANGES: ClassVar[dict] = {**FitSettings.RANGES, "batch_size": "[1, 1000000]", "label_smoothing": "[0, 1)",
                              **dict.fromkeys(("l2", "focal_gamma"), "[0, 1e6]")}
