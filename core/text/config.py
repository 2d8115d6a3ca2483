"""Every setting of a LIMINAL training run, in one place, saved with the weights."""

from dataclasses import dataclass
from typing import ClassVar

from core.settings import Settings


@dataclass(frozen=True)
class FitSettings(Settings):
    """What core.nn.training and core.nn.optimizers ask for, whatever is trained here."""

    seed: int = 0
    clip: float = 1.0  # largest norm of a gradient
    patience: int = 0
    optimizer: str = "adamw"
    schedule: str = "cosine"
    warmup: float = 0.05
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    CHOICES: ClassVar = {"optimizer": ("sgd", "adam", "adamw"), "schedule": ("constant", "cosine"),
                         "keep": ("best", "last")}
    RANGES: ClassVar = {
        "seed": "[0, 4294967295]", "epochs": "[1, 1000000]",
        "patience": "[0, 1000000]", **dict.fromkeys(("ema", "warmup", "beta1", "beta2"), "[0, 1)"),
        **dict.fromkeys(("lr", "eps"), "(0, 1]"), "final_lr": "[0, 1]",
        **dict.fromkeys(("clip", "weight_decay"), "[0, 1e6]"),
    }


@dataclass(frozen=True)
class TextConfig(FitSettings):
    # Model (core/text/network/model.py)
    dim: int = 128
    width: int = 3  # hidden width of the perceptrons, times dim
    reach: int = 3  # how many tokens to either side the neighbours' layer sees; 0: there is none
    outer: int = 5  # K, rounds of thought
    attention: bool = True  # each round looks back at the words
    heads: int = 4  # of that attention
    join: bool = True  # a bag of words has its share in the answer (core/text/prior.py)

    # What each step reads, and what its lessons weigh beside the ratings
    rated: int = 24  # EmoBank's sentences
    plain: int = 72  # sentences with teachers' states
    pairs: int = 48  # orderings from the grammar
    ranking: float = 0.3
    states: float = 0.5  # MiniLM's, of sentences and words
    polarity: float = 0.3  # VADER's
    orderings: int = 80000  # pairs made from the grammar

    # Regularisation
    dropout: float = 0.25
    weight_decay: float = 1e-2
    ema: float = 0.99  # decay a step of the average of the weights that is evaluated and kept; 0: none

    # AdamW, one fall of the rate from lr to lr * final_lr
    lr: float = 1.5e-3
    final_lr: float = 0.03
    epochs: int = 8
    steps: int = 200  # of an epoch
    keep: str = "last"

    RANGES: ClassVar = {
        **FitSettings.RANGES, "dim": "[4, 4096]", "width": "[1, 16]", "reach": "[0, 20]", "outer": "[0, 20]",
        "heads": "[1, 64]",
        **dict.fromkeys(("rated", "steps", "orderings"), "[1, 1000000]"),
        **dict.fromkeys(("plain", "pairs"), "[0, 1000000]"),
        **dict.fromkeys(("ranking", "states", "polarity"), "[0, 100]"), "dropout": "[0, 1)",
    }

    def __post_init__(self):
        super().__post_init__()
        if self.dim % self.heads:
            raise ValueError(f"dim must be a multiple of heads: {self.dim} values are not shared out to {self.heads}")
