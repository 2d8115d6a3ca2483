"""The section "Why" of the first tab: explanations of one reading. Layout and caches.

While a person draws, explanations wait until the pen rests, so that new strokes do not queue behind them; the previous
ones stay, dimmed. This section is not a fragment: Streamlit drops the unsent output of a fragment that reruns, but not
that of a fragment inside it, which breaks the page.
"""

from functools import partial
from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.digits.data import DataError
from core.explain.counterfactual import Counterfactual
from core.explain.probe import NearestCentroidProbe
from core.storage import ModelError
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.prediction import Prediction
from deployment.reader.wording import public_message
from deployment.ui import reasons, turns
from deployment.ui.caches import training_images
from deployment.ui.html import block

Image = NDArray[np.floating]


def preserve_settings() -> None:
    """Preserve the settings of hidden widgets: Streamlit drops a widget's state in a run that does not show it."""
    for key, first in (("explain", True), ("why_method", next(iter(reasons.METHODS)))):
        st.session_state[key] = st.session_state.get(key, first)


def render(deployer: MNISTDeployer, prediction: Prediction, wait: bool) -> None:
    """Show explanations of a Prediction; with `wait`, those shown before."""
    preserve_settings()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Why", anchor=False, width="content")
        if not st.toggle("Explain", key="explain"):
            return
    st.segmented_control("Ink measured by", list(reasons.METHODS), key="why_method", required=True,
                         format_func=lambda method: reasons.METHODS[method][0])
    state = st.session_state
    try:
        if not wait:
            state.why = _reasons(deployer, prediction, state.why_method)
    except turns.SupersededError:
        wait = True
    except (OSError, ValueError) as error:  # a file is missing, damaged or unreadable
        state.why = block("No reasons can be shown", escape(public_message(error)), "", "why-missing")
    if not wait:
        st.html(state.why)
    elif "why" in state:
        st.html(f'<div class="q-stale" aria-busy="true">{state.why}</div>')
    else:
        st.html('<p class="q q-quiet">The reasons follow when the pen rests.</p>')


def _reasons(deployer: MNISTDeployer, prediction: Prediction, method: str) -> str:
    image, digit, runner_up = prediction.image, prediction.digit, prediction.runner_up
    model, turn = deployer.sha256, partial(turns.shared().turn, turns.EXPLANATION)
    with turn():  # one for each part, between which others are answered
        values = _attribution(model, image, digit, runner_up, method, deployer)
    with turn():
        neighbours, examples = _neighbours(deployer, prediction)
    with turn():
        change = _change(model, image, runner_up, examples, deployer)
    with turn():
        blocks = (reasons.ink(image, values, digit, runner_up, method), reasons.change(image, *change), neighbours,
                  _layers(deployer, image))
    return f'<div class="q-why" data-testid="why" data-digit="{digit}">{"".join(blocks)}</div>'


@st.cache_resource(max_entries=64, show_spinner=False)
def _attribution(model_sha256: str, image: Image, digit: int, runner_up: int, method: str,
                 _deployer: MNISTDeployer) -> Image:
    return _deployer.explain(image, digit, runner_up, method)


def _neighbours(deployer: MNISTDeployer, prediction: Prediction) -> tuple[str, NDArray[np.uint8] | None]:
    """The block of nearest neighbours, and the 3 nearest images (3, 28, 28) of the runner-up; None without an index."""
    try:
        images = training_images()
        indices, similarity, labels = deployer.neighbours(prediction)
        examples = images[deployer.neighbours(prediction, 3, prediction.runner_up)[0]]
    except (ModelError, DataError) as error:
        return reasons.missing_neighbours(public_message(error)), None
    return reasons.neighbours(images[indices], similarity, labels, len(deployer.bank.labels)), examples


def _layers(deployer: MNISTDeployer, image: Image) -> str:
    """The block of layer readouts, or the reason why it cannot be shown."""
    try:
        rows = deployer.layers(image, _layer_means(deployer.sha256, deployer))
    except DataError as error:
        return block("What each layer knows already", escape(public_message(error)), "", "why-layers")
    if deployer.network.has_gate:
        rows[-1]["gated"] = True
    return reasons.layers(rows)


@st.cache_resource(max_entries=64, show_spinner=False)
def _change(model_sha256: str, image: Image, to: int, examples: NDArray[np.uint8] | None,
            _deployer: MNISTDeployer) -> tuple[Image, Counterfactual]:
    """(changed image, Counterfactual). The search also starts from the examples."""
    return _deployer.smallest_change(image, to, examples)


@st.cache_resource(max_entries=4, show_spinner=False)
def _layer_means(model_sha256: str, _deployer: MNISTDeployer) -> NearestCentroidProbe:
    return _deployer.layer_means()
