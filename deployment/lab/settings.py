"""The settings of a training in the lab, the knobs that act while it trains, and both as parameters of an address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from core.digits.config import STRENGTHS, Config
from core.digits.presets import DEFAULT, PRESETS
from core.settings import Settings, as_text, read_as

LAB = "lab"  # the name of the preset that is not among those of core/digits/presets.py
WIDEST = (256, 128, 64)  # units of the first, second and third hidden layer
PREFIX = "lab_"  # of the parameters in an address


@dataclass(frozen=True)
class LabSettings(Settings):
    """The settings of a training. The first group acts at the next reset, the second (KNOBS) with the next batch."""

    preset: str = LAB  # gives the initial values, and label smoothing, L2, input dropout and range of the pixels
    hidden: tuple[int, ...] = (64, 32)
    activation: str = "relu"
    optimizer: str = "adamw"
    batch_norm: bool = False
    seed: int = 0

    lr: float = 0.003
    momentum: float = 0.9  # of SGD; beta1 of AdamW
    batch_size: int = 64
    weight_decay: float = 0.01
    dropout: float = 0.0
    augmentation: float = 0.0  # strength, a factor for the deformations of the preset
    focal_gamma: float = 0.0
    gate: bool = True
    label_noise: float = 0.0  # share of the training labels that are replaced by another class
    share: float = 1.0  # of the training images
    pace: float = 0.0  # seconds of pause between two batches

    CHOICES: ClassVar[dict] = {"preset": (LAB, *PRESETS), "activation": ("relu", "sigmoid"),
                               "optimizer": ("sgd", "adamw")}
    RANGES: ClassVar[dict] = {
        "hidden": f"[1, {WIDEST[0]}]", "seed": "[0, 4294967295]", "lr": "[1e-6, 10]", "momentum": "[0, 0.999]",
        "batch_size": "[1, 1024]", "weight_decay": "[0, 10]", "dropout": "[0, 0.9]", "augmentation": "[0, 1]",
        "focal_gamma": "[0, 5]", "label_noise": "[0, 0.9]", "share": "[0.001, 1]", "pace": "[0, 2]",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.hidden) > len(WIDEST) or any(n > most for n, most in zip(self.hidden, WIDEST, strict=False)):
            raise ValueError(f"hidden must name at most three layers of at most {as_text(WIDEST)} units, not "
                             f"{as_text(self.hidden)}")

    @classmethod
    def of_preset(cls, name: str) -> Self:
        """The settings of a preset of core/digits/presets.py, its layers cut to the widest that the lab trains.

        Stroke-model pictures, schedule and weight average are left out. Raises ValueError for an unknown name.
        """
        if name == LAB:
            return cls()
        if name not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join((LAB, *PRESETS))}, not {name!r}")
        config = PRESETS[name]
        is_sgd = config.optimizer == "sgd"
        return cls(
            preset=name, hidden=tuple(map(min, config.hidden, WIDEST)), activation=config.activation,
            optimizer="sgd" if is_sgd else "adamw", batch_norm=config.batch_norm, lr=config.lr,
            momentum=config.momentum if is_sgd else config.beta1, batch_size=config.batch_size,
            weight_decay=0.0 if config.optimizer == "adam" else config.weight_decay, dropout=config.dropout,
            augmentation=float(config.augments), focal_gamma=config.focal_gamma, gate=config.gate)

    def config(self) -> Config:
        """The settings as the engine reads them."""
        base = DEFAULT.replace(label_smoothing=0.0) if self.preset == LAB else PRESETS[self.preset]
        deformations = base if base.augments else DEFAULT
        return base.replace(
            preset=self.preset, hidden=self.hidden, activation=self.activation, optimizer=self.optimizer,
            init="xavier" if self.activation == "sigmoid" else "he", batch_norm=self.batch_norm, seed=self.seed,
            lr=self.lr, momentum=self.momentum, beta1=self.momentum, batch_size=self.batch_size,
            weight_decay=self.weight_decay, dropout=self.dropout, focal_gamma=self.focal_gamma, gate=self.gate,
            schedule="constant", warmup=0.0, ema=0.0, keep="last", train_on="train", synthetic=0.0, negatives=0.0,
            ornament=0.0, **{name: self.augmentation * getattr(deformations, name) for name in STRENGTHS})


@dataclass(frozen=True)
class Knob:
    """A setting that acts with the next batch.

    scale: "log" or "linear" (low, high, step), "choice" (choices) or "switch". sentence: what it does; formula: HTML;
    words: its value in words.
    """

    name: str
    label: str
    scale: str
    sentence: str
    formula: str
    words: Callable[[Any], str]
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    choices: tuple[int, ...] = ()


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _none_or(words: Callable[[float], str]) -> Callable[[float], str]:
    return lambda value: words(value) if value else "none"


KNOBS: dict[str, Knob] = {knob.name: knob for knob in (
    Knob("lr", "Learning rate", "log", "The length of each step along the gradient: too short learns nothing, too long "
         "jumps over every minimum.", "θ ← θ − lr · step", lambda v: f"steps of {v:.2g}", 1e-6, 10, 0.05),
    Knob("momentum", "Momentum", "linear", "The share of the previous step that is added to the next; for AdamW it is "
         "beta1, the memory of its mean gradient.", "v ← β v + ∇L (SGD) &nbsp; m ← β m + (1 − β) ∇L (AdamW)",
         lambda v: f"the mean of about {1 / (1 - v):.0f} gradients" if v else "the present gradient alone",
         0, 0.99, 0.01),
    Knob("batch_size", "Batch size", "choice", "The number of images whose mean gradient makes one step: fewer give "
         "more steps, and noisier ones.", "∇L = <sup>1</sup>/<sub>N</sub> Σ<sub>n</sub> ∇L<sub>n</sub>",
         lambda v: f"{v} images a step" if v > 1 else "1 image a step",
         choices=tuple(2**i for i in range(11)), low=1, high=1024, step=1),
    Knob("weight_decay", "Weight decay", "log", "Shrinks every weight a little at each step, so that only useful ones "
         "stay large.", "W ← (1 − lr · λ) W", _none_or(lambda v: f"times the learning rate, {v:.2g} of each weight a "
                                                       "step"), 0, 10, 0.05),
    Knob("dropout", "Dropout", "linear", "Sets a random share of the hidden units to zero in each batch, so that no "
         "unit relies on a single other.", "h ← h · m / (1 − p), &nbsp; m = 0 with probability p",
         _none_or(lambda v: f"{_percent(v)} of the units"), 0, 0.9, 0.05),
    Knob("augmentation", "Augmentation", "linear", "Rotates, shifts and bends each training image anew, so that no "
         "image is seen twice.", "x′(r, c) = x(A (r, c) + a · waves)",
         _none_or(lambda v: f"{_percent(v)} of the full strength"), 0, 1, 0.05),
    Knob("focal_gamma", "Focal gamma", "linear", "Gives more weight to images that the network still gets wrong.",
         "w<sub>n</sub> ∝ (1 − p<sub>n</sub>)<sup>γ</sup>",
         lambda v: f"a certain image counts (1 − p) to the power {v:.2g}" if v else "all images count equally",
         0, 5, 0.25),
    Knob("gate", "Gate", "switch", "Multiplies each unit of the last hidden layer by a factor between 0 and 1 that "
         "depends on the whole layer.", "h ← h · σ(h W<sub>g</sub> + b<sub>g</sub>)",
         lambda v: "on" if v else "off: all factors are 1"),
    Knob("label_noise", "Label noise", "linear", "Replaces a fixed random share of the training labels by another "
         "digit.", "y ← y + k mod 10, &nbsp; k ∈ {1 … 9}", _none_or(lambda v: f"{_percent(v)} of the labels are wrong"),
         0, 0.9, 0.05),
    Knob("share", "Share of the data", "log", "Trains on a part of the images only: a small part is soon known by "
         "heart.", "N = share · 54,759",
         lambda v: "all images" if v >= 1 else f"{_percent(v)} of the images, {round(v * 54_759):,}", 0.001, 1, 0.05),
    Knob("pace", "Pause", "linear", "Waits between two batches, so that single steps can be watched.", "",
         _none_or(lambda v: f"{v:.2g} s between two batches"), 0, 2, 0.05),
)}
STRUCTURE = tuple(field.name for field in fields(LabSettings) if field.name not in KNOBS)


def to_query(settings: LabSettings) -> dict[str, str]:
    """Parameters of an address: the preset if it is another than "lab", and what differs from the preset's settings."""
    base = LabSettings.of_preset(settings.preset)
    changes = settings.difference(base) | ({"preset": settings.preset} if settings.preset != LAB else {})
    return {PREFIX + name: as_text(value) for name, value in changes.items()}


def from_query(query: Mapping[str, str]) -> tuple[LabSettings, list[str]]:
    """The settings that an address names, and a sentence for each parameter that was refused; the initial value stands
    in its place. Parameters without the prefix are ignored."""
    asked = {name.removeprefix(PREFIX): text for name, text in query.items() if name.startswith(PREFIX)}
    settings, refused = LabSettings(), []
    try:
        settings = LabSettings.of_preset(asked.pop("preset", LAB))
    except ValueError as error:
        refused.append(f"The address was not followed in one point: {error}.")
    defaults = settings.to_dict()
    for name, text in asked.items():
        if name not in defaults:
            refused.append(f"The address names {name[:30]!r}, which is no setting of the lab.")
            continue
        try:
            value = read_as(getattr(LabSettings, name), text)
        except (ValueError, KeyError):
            refused.append(f"The address gives {text[:30]!r} for {name}, which is no value for it.")
            continue
        try:
            settings = settings.replace(**{name: value})
        except ValueError as error:
            refused.append(f"The address was not followed in one point: {error}.")
    return settings, refused
