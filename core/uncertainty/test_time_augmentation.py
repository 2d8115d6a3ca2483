"""Test-time augmentation: the answer for a doubtful image is averaged over deformed copies of it.

Ciresan et al. (2010) average over several networks; here one network reads several copies. The deformations are drawn
once from a fixed seed and are the same for every image, so an answer depends on its picture alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.augmentation import coefficients, deform, places
from core.digits.config import Config
from core.digits.data import SIDE
from core.nn.losses import softmax
from core.nn.network import Network
from core.uncertainty.calibration import Evidence, fit_temperature, logit_margin

COPIES = 32
COPIES_WEIGHT = 0.75  # of the mean probability of the copies; the image itself has the rest
DOUBTFUL_SHARE = 0.08  # of calibration images, by their logit margin
BATCH_IMAGES = 16  # images whose copies go through the network at once
MIN_PROBABILITY = 1e-12  # before a logarithm


@dataclass(frozen=True)
class TestTimeAugmentation:
    """The deformations of the copies, and the images that are augmented.

    An image is doubtful if its logit margin is less than `below` (nats). The logits of each copy are divided by
    `temperature`; low, high: paper and ink in the network's input. The other fields are the strengths of the
    deformations, as in core.digits.augmentation.augment; the slash of some training zeros is left out.
    """

    __test__ = False  # for pytest, which collects classes by name

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
    count: int = COPIES
    weight: float = COPIES_WEIGHT

    @classmethod
    def of(cls, config: Config) -> "TestTimeAugmentation | None":
        """Deformations as strong as those of training; None if training has no augmentation."""
        if not config.augments:
            return None
        low, high = config.input_range
        return cls(config.rotation, config.scale, config.shear, config.shift, config.elastic, config.elastic_sigma,
                   config.thickness, low, high)

    def fitted(self, logits: NDArray[np.floating], y: NDArray[np.integer]) -> "TestTimeAugmentation":
        """A copy with `temperature` and `below` fitted to calibration logits (N, 10), labels y (N,)."""
        return replace(self, temperature=fit_temperature(logits.astype(np.float64), y),
                       below=float(np.quantile(logit_margin(logits), DOUBTFUL_SHARE)))

    @cached_property
    def maps(self) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
        """For each copy: the source rows and columns of its pixels (count, 784), its change of thickness (count,).

        Every second copy has the opposite deformation of the one before, so that the mean deformation is zero.
        """
        rng, half = np.random.default_rng(0), -(-self.count // 2)
        drawn = [*coefficients(half, rng, self), rng.uniform(-self.thickness, self.thickness, half).astype(np.float32)]
        for part, place in zip(drawn[:2], (1, 2), strict=True):
            part[:, place] -= 1  # deviation from the identity
        for_rows, for_columns, thickness = (
            np.stack([part, -part], axis=1).reshape(-1, *part.shape[1:])[: self.count] for part in drawn)
        for_rows[:, 1] += 1
        for_columns[:, 2] += 1
        return *places(for_rows, for_columns, self), thickness

    def copies(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Deformed copies (N * count, 784) of network inputs X (N, 784), grouped by image."""
        rows, columns, thickness = (np.tile(part, (len(X), *[1] * (part.ndim - 1))) for part in self.maps)
        ink = (np.repeat(X, self.count, axis=0).reshape(-1, SIDE, SIDE) - np.float32(self.low)) / np.float32(
            self.high - self.low)
        return np.float32(self.low) + np.float32(self.high - self.low) * deform(ink, rows, columns, thickness)

    def copies_logits(self, network: Network, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Logits (N, count, 10) of the deformed copies of network inputs X (N, 784)."""
        return network.logits(self.copies(X)).reshape(len(X), self.count, -1)

    def augment(self, network: Network, X: NDArray[np.floating], evidence: Evidence) -> Evidence:
        """The Evidence of network inputs X (N, 784), with the combined logits where the image is doubtful."""
        return augment_each((self,), network, X, evidence)[0]

    def combined_logits(self, single: Evidence, copies: NDArray[np.floating]) -> NDArray[np.floating]:
        """Logits (n, 10) of the mean probabilities of each image and its copies. single: the Evidence of the images;
        copies: logits (n, count, 10). The energy is that of `single`: novelty is measured on the image itself.
        """
        probs = (1 - self.weight) * softmax(single.logits / self.temperature)
        probs += self.weight * softmax(copies.reshape(-1, copies.shape[-1]) / self.temperature).reshape(
            copies.shape).mean(axis=1)
        mean = replace(single, logits=self.temperature * np.log(np.maximum(probs, MIN_PROBABILITY)))
        return mean.logits + (mean.energy - single.energy)[:, None]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "TestTimeAugmentation":
        """The inverse of `to_dict`. Raises KeyError, TypeError or ValueError for invalid values."""
        values: dict[str, Any] = {field.name: float(saved[field.name]) for field in fields(cls)}
        loaded = cls(**values | {"count": int(saved["count"])})
        if not np.isfinite(list(asdict(loaded).values())).all():
            raise ValueError("its test-time augmentation has values that are not finite")
        if not (0 < loaded.count <= 1000 and 0 <= loaded.weight <= 1 and 1e-3 <= loaded.temperature <= 1e3):
            raise ValueError(f"its test-time augmentation has {loaded.count} copies of weight {loaded.weight}, "
                             f"temperature {loaded.temperature}")
        if not (loaded.low < loaded.high and abs(loaded.elastic) < SIDE and 0.5 <= loaded.elastic_sigma <= SIDE
                and 0 <= loaded.scale < 1):
            raise ValueError("its test-time augmentation has deformations out of range")
        return loaded


def augment_each(augmentations: Sequence[TestTimeAugmentation], network: Network, X: NDArray[np.floating],
                 evidence: Evidence) -> list[Evidence]:
    """The Evidence of network inputs X (N, 784) under each augmentation. They may differ in `below` and `temperature`
    only, as the copies go through the network once."""
    return combine_each(augmentations, lambda chosen: augmentations[0].copies_logits(network, X[chosen]), evidence)


def combine_each(augmentations: Sequence[TestTimeAugmentation],
                 copies_logits: Callable[[NDArray[np.integer]], NDArray[np.floating]],
                 evidence: Evidence) -> list[Evidence]:
    """The Evidence of N samples under each augmentation. copies_logits: from indices (n,) of doubtful samples to the
    logits (n, count, 10) of their copies."""
    margin = logit_margin(evidence.logits)
    doubtful = np.flatnonzero(margin < max(augmentation.below for augmentation in augmentations))
    if not doubtful.size:  # of a single image, what follows takes a twentieth of its prediction
        return [evidence] * len(augmentations)
    logits = [evidence.logits.copy() for _ in augmentations]
    for i in range(0, len(doubtful), BATCH_IMAGES):
        chosen = doubtful[i : i + BATCH_IMAGES]
        copies = copies_logits(chosen)
        for augmentation, combined in zip(augmentations, logits, strict=True):
            below = margin[chosen] < augmentation.below
            if below.any():
                combined[chosen[below]] = augmentation.combined_logits(evidence.part(chosen[below]), copies[below])
    return [replace(evidence, logits=combined) for combined in logits]
