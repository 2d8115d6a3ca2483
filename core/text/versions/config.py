"""The settings of a training run of LIMINAL's versions 1 to 6."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from core.nn.settings import FitSettings

# The parts of each version beside the recursion and the affect loop (v5 has no public description that we know of).
VERSIONS = {
    "v1": dict(attention=False, pad_head=False, rinse=False, memory=False),
    "v2": dict(attention=True, pad_head=False, rinse=False, memory=False),
    "v3": dict(attention=True, pad_head=True, rinse=False, memory=False),
    "v4": dict(attention=True, pad_head=True, rinse=True, memory=False),
    "v6": dict(attention=True, pad_head=True, rinse=True, memory=True),
}


@dataclass(frozen=True)
class VersionConfig(FitSettings):
    # Model: one class with switches (core/text/versions/trm.py)
    dim: int = 128
    width: int = 2  # hidden width of the two perceptrons, times dim
    outer: int = 5  # K, rounds; 0 is a head on the embedding alone
    inner: int = 4  # n, updates of the latent z in each round
    attention: bool = True  # v2: attention over the history of z
    pad_head: bool = True  # v3: Dense-GELU-Dense-tanh instead of Dense-tanh
    rinse: bool = True  # v4: the reflection after the last round
    memory: bool = True  # v6: SoulKernel
    affect: bool = True  # the running PAD estimate is fed back each round
    deep_supervision: bool = False  # a loss at each round, no gradient between rounds
    prior: bool = True  # the first estimate is a ridge regression on the embedding

    # Regularisation
    input_dropout: float = 0.3  # on the embedding
    memory_dropout: float = 0.5  # share of training sentences without a memory
    weight_decay: float = 1e-5  # phase 1
    clip: float = 1.0  # largest norm of a gradient
    ema: float = 0.99  # decay per step of the moving average of the weights that is evaluated and saved; 0: none

    # Phase 1: AdamW, cosine from lr to lr * final_lr; phase 2: constant lr
    lr: float = 1e-3
    final_lr: float = 0.03
    batch_size: int = 128
    epochs: int = 2
    lr_2: float = 1e-4
    weight_decay_2: float = 1e-6
    epochs_2: int = 1
    keep: str = "best"
    warmup: float = 0.1

    RANGES: ClassVar[dict] = {
        **FitSettings.RANGES, "lr": "(0, 1]", "dim": "[4, 4096]", "width": "[1, 16]", "outer": "[0, 20]",
        "inner": "[1, 100]", "batch_size": "[1, 1000000]",
        **dict.fromkeys(("input_dropout", "memory_dropout"), "[0, 1)"), "lr_2": "(0, 1]", "weight_decay_2": "[0, 1e6]",
        "epochs_2": "[0, 1000000]",
    }

    @classmethod
    def version(cls, name: str, **changes: Any) -> Self:
        """The settings of "v1", "v2", "v3", "v4" or "v6". Raises ValueError for other names."""
        if name not in VERSIONS:
            raise ValueError(f"there is no version {name!r}; choose one of {', '.join(VERSIONS)}")
        return cls(**{**VERSIONS[name], **changes})

    def second_phase(self) -> Self:
        """The settings of phase 2 for core.nn.training.fit."""
        return self.replace(lr=self.lr_2, weight_decay=self.weight_decay_2, epochs=max(1, self.epochs_2),
                            schedule="constant", warmup=0.0)
