"""Further looks at what is doubtful: a network that learned from deformed digits reads deformed copies of it too.

Where the first look leaves little between two digits, the copies often agree on one (Ciresan et al. 2010 average over
several networks; here it is several views of one). They are the same deformations for every image, drawn once from a
fixed seed, so that an answer depends on its picture alone.
"""

from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property

import numpy as np

from core.digits.augmentation import coefficients, deform, places
from core.digits.data import SIDE
from core.nn.losses import softmax
from core.uncertainty.calibration import fit_temperature, lead

COUNT = 32
WEIGHT = 0.75  # of all copies together, beside the first look
DOUBTFUL = 0.08  # share of calibration images that is looked at again
TOGETHER = 16  # images whose copies go through the network at once
LEAST = 1e-12  # probability


@dataclass(frozen=True)
class Looks:
    """How to look again. below: the lead of the best logit over the second, in nats, under which an image is doubtful.

    temperature: what the logits of each look are divided by; low, high: paper and ink in the network's input. The rest
    is the strength of the deformations, as in core.digits.augmentation.augment; no 0 gets a slash here.
    """

    rotation: float
    scale: float
    shear: float
    shift: float
    elastic: float
    elastic_sigma: float
    thickness: float
    low: float
    high: float
    below: float = 0.0
    temperature: float = 1.0
    count: int = COUNT
    weight: float = WEIGHT

    @classmethod
    def of(cls, config):
        """Looks as strong as the training of a core.digits.config.Config; None where it deforms nothing."""
        if not config.augments:
            return None
        low, high = config.input_range
        return cls(config.rotation, config.scale, config.shear, config.shift, config.elastic, config.elastic_sigma,
                   config.thickness, low, high)

    def fitted(self, logits, y):
        """These looks with the temperature and the bound of doubt that calibration logits (N, 10), labels y (N,) ask
        for."""
        return replace(self, temperature=fit_temperature(logits.astype(np.float64), y),
                       below=float(np.quantile(lead(logits), DOUBTFUL)))

    @cached_property
    def maps(self):
        """Places that each copy looks up, rows and columns (count, 784), and its change of thickness (count,).

        Every second copy is deformed the opposite way of the one before, so that together they favour no direction.
        """
        rng, half = np.random.default_rng(0), -(-self.count // 2)
        drawn = [*coefficients(half, rng, self), rng.uniform(-self.thickness, self.thickness, half).astype(np.float32)]
        for part, place in zip(drawn[:2], (1, 2), strict=True):
            part[:, place] -= 1  # what is left without it is the deviation from leaving the image as it is
        for_rows, for_columns, thickness = (
            np.stack([part, -part], axis=1).reshape(-1, *part.shape[1:])[: self.count] for part in drawn)
        for_rows[:, 1] += 1
        for_columns[:, 2] += 1
        return *places(for_rows, for_columns, self), thickness

    def copies(self, X):
        """Deformed copies (N * count, 784) of network inputs X (N, 784), those of an image next to each other."""
        tiled = (np.tile(part, (len(X), *[1] * (part.ndim - 1))) for part in self.maps)
        ink = (np.repeat(X, self.count, axis=0).reshape(-1, SIDE, SIDE) - np.float32(self.low)) / np.float32(
            self.high - self.low)
        return np.float32(self.low) + np.float32(self.high - self.low) * deform(ink, *tiled)

    def add(self, network, X, evidence):
        """The Evidence of network inputs X (N, 784), its logits those of all looks where the first is doubtful."""
        return add_each((self,), network, X, evidence)[0]

    def mixed(self, first, again):
        """Logits (n, 10) of the first Evidence of n images and of the logits (n, count, 10) of their copies.

        The probabilities of the looks are averaged. Their energy stays that of the first: it tells strange pictures.
        """
        probs = (1 - self.weight) * softmax(first.logits / self.temperature)
        probs += self.weight * softmax(again.reshape(-1, again.shape[-1]) / self.temperature).reshape(
            again.shape).mean(axis=1)
        found = replace(first, logits=self.temperature * np.log(np.maximum(probs, LEAST)))
        return found.logits + (found.energy - first.energy)[:, None]

    def to_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, saved):
        """Raises KeyError, TypeError or ValueError for what `to_dict` did not write."""
        found = cls(**{field.name: field.type(saved[field.name]) for field in fields(cls)})
        if not np.isfinite(list(asdict(found).values())).all():
            raise ValueError("its looks hold values that are not finite")
        if not (0 < found.count <= 1000 and 0 <= found.weight <= 1 and 1e-3 <= found.temperature <= 1e3):
            raise ValueError(f"its looks are {found.count} of weight {found.weight}, temperature {found.temperature}")
        if not (found.low < found.high and abs(found.elastic) < SIDE and 0.5 <= found.elastic_sigma <= SIDE
                and 0 <= found.scale < 1):
            raise ValueError("its looks deform in no known way")
        return found


def add_each(several, network, X, evidence):
    """[Evidence] of network inputs X (N, 784) by each of several Looks that differ in no more than what is fitted, the
    bound of doubt and the temperature: the copies go through the network once."""
    margin, logits = lead(evidence.logits), [evidence.logits.copy() for _ in several]
    doubtful = np.flatnonzero(margin < max(looks.below for looks in several))
    for i in range(0, len(doubtful), TOGETHER):
        chosen = doubtful[i : i + TOGETHER]
        again = network.logits(several[0].copies(X[chosen])).reshape(len(chosen), several[0].count, -1)
        for looks, own in zip(several, logits, strict=True):
            below = margin[chosen] < looks.below
            if below.any():
                own[chosen[below]] = looks.mixed(evidence.part(chosen[below]), again[below])
    return [replace(evidence, logits=own) for own in logits]
