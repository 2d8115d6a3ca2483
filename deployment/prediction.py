"""What the network says of one picture, as plain values. A box is (top, left, bottom, right) in the source's pixels."""

from dataclasses import dataclass

import numpy as np

RIVAL_FROM = 0.05  # a digit as likely as this is named beside an answer that is not sure


def boxes_text(boxes) -> str:
    """Boxes as a cell of a table: "top left bottom right; ...", in pixels of the picture."""
    return "; ".join(" ".join(map(str, box)) for box in boxes)


@dataclass(frozen=True)
class Prediction:
    """One reading. Probabilities are calibrated; arrays are the caller's to keep."""

    digit: int  # 0 .. 9
    probabilities: np.ndarray  # (10,), summing to 1
    confidence: float  # that the digit is right: the largest of them; half of it where ink is left over
    runner_up: int  # the digit with the second largest
    could_be: dict  # {alpha: [digits]}: the right one is missing about that often (core/uncertainty/conformal.py)
    novelty: float  # unlikeness to the digits of training, from the network's features; above 1 is unusual
    emotion: str  # "confident", "hesitant", "confused" or "curious"; defined in core/uncertainty/readout.py
    gate: np.ndarray | None  # (h,) in (0, 1), or None for a network without a gate
    hidden: list  # activations of the hidden layers, the gated one last: each (h,)
    image: np.ndarray  # (28, 28) in [0, 1], as the network saw it
    box: tuple = (0, 0, 0, 0)  # of the ink that was read
    left_over: tuple = ()  # boxes of separate ink that is not part of the answer

    @property
    def rivals(self):
        """The other digits of a calibrated probability of 5 % and more, the likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable").tolist()
        return [d for d in order if d != self.digit and self.probabilities[d] >= RIVAL_FROM]

    def to_dict(self):
        """What fits into JSON: everything but the activations and the image."""
        return {"digit": self.digit, "confidence": round(self.confidence, 6), "emotion": self.emotion,
                "runner_up": self.runner_up, "rivals": self.rivals, "novelty": round(self.novelty, 4),
                "box": list(self.box), "left_over": [list(box) for box in self.left_over],
                "could_be": {f"{error:.1%}": digits for error, digits in self.could_be.items()},
                "probabilities": [round(float(p), 6) for p in self.probabilities]}
