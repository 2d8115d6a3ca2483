"""The settings of a LIMINAL training run, saved with the weights."""

from dataclasses import dataclass
from typing import ClassVar

from core.nn.settings import FitSettings


@dataclass(frozen=True)
class TextConfig(FitSettings):
    # Model (core/text/network/model.py)
    dim: int = 128
    width: int = 3  # hidden width of the perceptrons, times dim
    reach: int = 3  # tokens on either side that the neighbours' layer reads; 0: no such layer
    outer: int = 5  # K, the number of rounds
    attention: bool = True  # each round attends to the words
    heads: int = 4  # of that attention
    join: bool = True  # average the estimate with that of a bag of words (core/text/prior.py)

    # Sentences per step, and the weights of their losses beside that of the ratings
    rated: int = 24  # EmoBank's sentences
    plain: int = 72  # sentences with teachers
    pairs: int = 48  # orderings from the grammar
    ranking: float = 0.3  # loss of the orderings
    states: float = 0.5  # loss of MiniLM's states of sentences and words
    polarity: float = 0.3  # loss of VADER's polarity
    orderings: int = 80000  # pairs made from the grammar

    # Regularisation
    dropout: float = 0.25
    weight_decay: float = 1e-2
    ema: float = 0.99  # decay per step of the moving average of the weights that is evaluated and saved; 0: none

    # AdamW, one cosine from lr to lr * final_lr
    clip: float = 1.0
    warmup: float = 0.05
    lr: float = 1.5e-3
    final_lr: float = 0.03
    epochs: int = 8
    steps: int = 200  # per epoch
    keep: str = "last"

    RANGES: ClassVar[dict] = {
        **FitSettings.RANGES, "lr": "(0, 1]", "dim": "[4, 4096]", "width": "[1, 16]", "reach": "[0, 20]",
        "outer": "[0, 20]", "heads": "[1, 64]",
        **dict.fromkeys(("rated", "steps", "orderings"), "[1, 1000000]"),
        **dict.fromkeys(("plain", "pairs"), "[0, 1000000]"),
        **dict.fromkeys(("ranking", "states", "polarity"), "[0, 100]"), "dropout": "[0, 1)",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dim % self.heads:
            raise ValueError(f"dim must be a multiple of heads, not {self.dim} with {self.heads} heads")
