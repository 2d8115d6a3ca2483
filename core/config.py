"""Every setting of a training run, in one place, saved with the run."""

from dataclasses import asdict, dataclass, fields, replace


@dataclass(frozen=True)
class Config:
    preset: str = "default"  # the name of the preset it came from
    seed: int = 0  # initial weights, order of samples, deformations and dropout all follow from it

    # Data. The parts are fixed (core/data.py); "all" trains on the 60,000 images, for a recipe that validation chose.
    train_on: str = "train"  # "train" or "all"
    input_range: tuple = (0.0, 1.0)  # pixels are scaled linearly to this

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
    schedule: str = "one_cycle"  # "constant", "step", "cosine" or "one_cycle"
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
    soft_labels: str = ""  # a file of core/soften.py: what earlier networks think of each training image
    soft_share: float = 0.5  # how much of the target they are; the rest is the label
    attention: float = 0.0  # samples weigh (1 - probability of their label) ** attention, relative to the batch's mean
    ema: float = 0.0  # decay per step of the average of the weights that is evaluated and kept; 0: none

    # Length
    batch_size: int = 256
    epochs: int = 20
    patience: int = 0  # stop after so many epochs without a better validation accuracy; 0: never
    keep: str = "best"  # the weights of the "best" epoch on validation, or of the "last"

    # Deformations (core/augment.py), fresh each epoch; all zero: none
    elastic: float = 0.0  # largest standard deviation of the displacement, pixels
    elastic_sigma: float = 5.0  # its smoothness, pixels
    rotation: float = 0.0  # degrees
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0  # pixels
    thickness: float = 0.0  # mix with the thicker or thinner stroke
    ornament: float = 0.0  # share of 0, 1 and 7 that get a slash, a flag or a bar

    def __post_init__(self):
        choices = {"train_on": ("train", "all"), "activation": ("relu", "sigmoid"), "init": ("he", "xavier"),
                   "optimizer": ("sgd", "adam", "adamw"), "schedule": ("constant", "step", "cosine", "one_cycle"),
                   "keep": ("best", "last")}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}")
        for name in ("batch_size", "epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("dropout", "input_dropout", "warmup", "label_smoothing", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), not {getattr(self, name)}")
        if not self.hidden or min(self.hidden) < 1 or self.lr <= 0:
            raise ValueError("a network needs hidden layers of at least one unit each and a positive lr")

    @property
    def augments(self):
        return any((self.elastic, self.rotation, self.scale, self.shear, self.shift, self.thickness,
                    self.ornament))

    def to_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, values):
        """A Config from saved settings; names it does not know (hashes and the like) are passed over."""
        known = {field.name for field in fields(cls)}
        values = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items() if name in known}
        return cls(**values)

    def but(self, **changes):
        """A copy with some settings changed."""
        return replace(self, **changes)
