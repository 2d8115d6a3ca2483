"""The section "Why" of the first tab: reasons for one reading, after its answer. Layout and caches; no arithmetic.

Reasons for a drawing wait until the pen has rested: strokes that follow at once must not queue behind them. Meanwhile
the reasons before stay, dimmed. No fragment of its own: where the fragment around it is drawn again before its last
run has been sent, Streamlit drops what was to be sent of it, but not of a fragment within, and the page breaks.
"""

from html import escape

import streamlit as st

from core.digits.data import DataError
from core.storage import ModelError
from deployment.reader.wording import public_message
from deployment.ui import reasons
from deployment.ui.caches import training_images
from deployment.ui.html import block


def keep_choices() -> None:
    """Streamlit forgets what a widget was set to in a run that does not show it; setting it anew keeps it."""
    for key, first in (("explain", True), ("why_method", next(iter(reasons.METHODS)))):
        st.session_state[key] = st.session_state.get(key, first)


def render(deployer, prediction, wait: bool) -> None:
    """Show why this Prediction was made; with `wait`, what was shown before."""
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
    except (OSError, ValueError) as error:  # a file is missing, damaged or must not be read: a sentence that says so
        state.why = block("No reasons can be shown", escape(public_message(error)), "", "why-missing")
    st.html(state.why)


def _reasons(deployer, prediction, method: str) -> str:
    image, digit, runner_up = prediction.image, prediction.digit, prediction.runner_up
    model = deployer.sha256
    values = _ink(model, image, digit, runner_up, method, deployer)
    near, examples = _neighbours(deployer, prediction)
    change = _change(model, image, runner_up, examples, deployer)
    blocks = (reasons.ink(image, values, digit, runner_up, method), reasons.change(image, *change), near,
              _layers(deployer, image))
    return f'<div class="q-why" data-testid="why" data-digit="{digit}">{"".join(blocks)}</div>'


@st.cache_resource(max_entries=64, show_spinner=False)
def _ink(model_sha256: str, image, digit: int, runner_up: int, method: str, _deployer):
    return _deployer.explain(image, digit, runner_up, method)


def _neighbours(deployer, prediction) -> tuple:
    """The block of neighbours, and images (3, 28, 28) of the runner-up near the picture, None without an index."""
    try:
        images = training_images()
        indices, similarity, labels = deployer.neighbours(prediction)
        examples = images[deployer.neighbours(prediction, 3, prediction.runner_up)[0]]
    except (ModelError, DataError) as error:
        return reasons.missing_neighbours(public_message(error)), None
    return reasons.neighbours(images[indices], similarity, labels, len(deployer.bank.labels)), examples


def _layers(deployer, image) -> str:
    """The block of what each layer knows, or a sentence on why it cannot be shown."""
    try:
        known = deployer.layers(image, _layer_means(deployer.sha256, deployer))
    except DataError as error:
        return block("What each layer knows already", escape(public_message(error)), "", "why-layers")
    if deployer.network.has_gate:
        known[-1]["gated"] = True
    return reasons.layers(known)


@st.cache_resource(max_entries=64, show_spinner=False)
def _change(model_sha256: str, image, to: int, examples, _deployer) -> tuple:
    """(image after, Change); the examples are where the search starts from too."""
    return _deployer.smallest_change(image, to, examples)


@st.cache_resource(max_entries=4, show_spinner=False)
def _layer_means(model_sha256: str, _deployer):
    return _deployer.layer_means()
