"""Who taught you that? The training images that argued most for an answer and against it, as the component shows them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.digits.data import load_split
from core.explain import influence
from core.explain.influence import InfluenceIndex
from core.formats import percent
from core.nn.losses import softmax
from deployment.pages.lab.inside import write
from deployment.pages.lab.inside.once import Job, Progress
from deployment.pages.lab.inside.subject import Image, Subject, training_labels
from deployment.ui.caches import training_images

COUNT = 6
WORDS = ("A training image changes the last layer when it is learned. These, learned once more, would raise or lower "
         "the probability of this answer to your digit most. A score is the product of how alike both images are to "
         "the last layer and how wrong both answers are.")
PRICE = "All training images are read once for this network, which takes half a minute to a minute."
# analytics/reports/influence.md
CHECKED = ("Checked on the shipped network with 200 questions: without the 50 images that argue most for it an answer "
           "gets weaker in 98.5 %, without the 50 against it stronger in 76.5 %.")


class Slot:
    """The Job that makes the index of a network, None until somebody asks for it."""

    job: Job[InfluenceIndex] | None = None


@st.cache_resource(max_entries=2, show_spinner=False)
def slot(key: str) -> Slot:
    """The Slot of a network, shared by all sessions."""
    return Slot()


def make(subject: Subject) -> Callable[[Progress], InfluenceIndex]:
    """What makes the index of a network."""
    def build(progress: Progress) -> InfluenceIndex:
        images, labels = training_images(), training_labels()
        if subject.trained_on_all:
            return influence.build(subject.network, images, labels, progress, input_range=subject.input_range)
        part = load_split()["train"]
        return influence.build(subject.network, images[part], labels[part], progress, part, subject.input_range)

    return build


def for_browser(subject: Subject, image: Image, of: int, job: Job[InfluenceIndex] | None) -> dict[str, Any]:
    """The training images for the answer `of` to an image (28, 28), and those against it; job: of a Slot."""
    shown: dict[str, Any] = {"of": of, "words": WORDS, "price": PRICE, "fault": None, "progress": None, "for": None}
    if job is None or job.fault is not None:
        return shown | {"fault": job and job.fault}
    if job.result is None:
        return shown | {"progress": round(job.progress, 3)}
    index, reading = job.result, subject.network.read(subject.input(image[None]))
    asked = index.ask(reading.hidden[-1][0], softmax(reading.logits[0].astype(np.float64)), of, COUNT)
    note = (f"Scores of {len(index.indices):,} training images, from stored features: their inner products are off by "
            f"{percent(index.error)} of their size (root mean square). {CHECKED}")
    return shown | {"for": _tiles(asked.supporting, asked.supporting_scores),
                    "against": _tiles(asked.opposing, asked.opposing_scores), "note": note}


def _tiles(indices: NDArray[np.integer], scores: NDArray[np.float32]) -> list[dict[str, Any]]:
    images, labels = training_images(), training_labels()
    return [{"image": write.pixels(images[i]), "label": int(labels[i]), "value": write.number(float(score)),
             "words": f"training image {i}, a {labels[i]}: {write.number(float(score))}"}
            for i, score in zip(indices, scores, strict=True)]
