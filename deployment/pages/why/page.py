"""The section "Why" of the first tab: explanations of a reading. Layout and caches.

For a drawing they are computed after the pen has rested, so that strokes do not wait for them; until then the last ones
are shown dimmed. This is not a nested fragment: when the outer fragment reruns before its last run was sent, Streamlit
drops the pending messages of the outer one but not of the nested one, and the page breaks.
"""

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
from deployment.ui import reasons
from deployment.ui.caches import training_images
from deployment.ui.html import block


def keep_choices() -> None:
    """Preserve the state of widgets in runs that do not show them; Streamlit would delete it."""
    for key, first in (("explain", True), ("why_method", next(iter(reasons.METHODS)))):
        st.session_state[key] = st.session_state.get(key, first)


def render(deployer: MNISTDeployer, prediction: Prediction, wait: bool) -> None:
    """Explain a Prediction; with `wait`, show the last explanations."""
    keep_choices()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Why", anchor=False, width="content")
        if not st.toggle("Explain", key="explain"):
            return
    st.segmented_control("Ink measured by", list(reasons.METHODS), key="why_method", required=True,
                         format_func=lambda method: reasons.METHODS[method][0])
    state = st.session_state
    if wait:
        if "why" in state:
            st.html(f'<div class="q-stale" aria-busy="true">{state.why}</div>')
        else:
            st.html('<p class="q q-quiet">The reasons follow when the pen rests.</p>')
        return
    try:
        state.why = _reasons(deployer, prediction, state.why_method)
    except (OSError, ValueError) as error:  # a file is missing, damaged or not readable
        state.why = block("No reasons can be shown", escape(public_message(error)), "", "why-missing")
    st.html(state.why)


def _reasons(deployer: MNISTDeployer, prediction: Prediction, method: str) -> str:
    assert prediction.image is not None
    image, digit, runner_up = prediction.image, prediction.digit, prediction.runner_up
    model = deployer.sha256
    values = _ink(model, image, digit, runner_up, method, deployer)
    near, examples = _neighbours(deployer, prediction)
    change = _change(model, image, runner_up, examples, deployer)
    blocks = (reasons.ink(image, values, digit, runner_up, method), reasons.change(image, *change), near,
              _layers(deployer, image))
    return f'<div class="q-why" data-testid="why" data-digit="{digit}">{"".join(blocks)}</div>'


@st.cache_resource(max_entries=64, show_spinner=False)
def _ink(model_sha256: str, image: NDArray, digit: int, runner_up: int, method: str,
         _deployer: MNISTDeployer) -> NDArray:
    return _deployer.explain(image, digit, runner_up, method)


def _neighbours(deployer: MNISTDeployer, prediction: Prediction) -> tuple[str, NDArray[np.uint8] | None]:
    """The block of neighbours, and images (3, 28, 28) of the runner-up near the picture, None without an index."""
    try:
        images = training_images()
        indices, similarity, labels = deployer.neighbours(prediction)
        examples = images[deployer.neighbours(prediction, 3, prediction.runner_up)[0]]
    except (ModelError, DataError) as error:
        return reasons.missing_neighbours(public_message(error)), None
    return reasons.neighbours(images[indices], similarity, labels, len(deployer.bank.labels)), examples


def _layers(deployer: MNISTDeployer, image: NDArray) -> str:
    """The block of the layers, or the reason why it cannot be shown."""
    try:
        known = deployer.layers(image, _layer_means(deployer.sha256, deployer))
    except DataError as error:
        return block("What each layer knows already", escape(public_message(error)), "", "why-layers")
    if deployer.network.has_gate:
        known[-1]["gated"] = True
    return reasons.layers(known)


@st.cache_resource(max_entries=64, show_spinner=False)
def _change(model_sha256: str, image: NDArray, to: int, examples: NDArray | None,
            _deployer: MNISTDeployer) -> tuple[NDArray, Counterfactual]:
    """The changed image and its Counterfactual; examples: further starting points."""
    return _deployer.smallest_change(image, to, examples)


@st.cache_resource(max_entries=4, show_spinner=False)
def _layer_means(model_sha256: str, _deployer: MNISTDeployer) -> NearestCentroidProbe:
    return _deployer.layer_means()
