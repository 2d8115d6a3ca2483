"""The audit's section on errors and hits, with a closer look at one image: probabilities, attribution, neighbours."""


import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core.formats import percent
from deployment.pages.audit import evidence
from deployment.pages.audit.parts import Audit, guarded, section, test_images, tiles
from deployment.reader.prediction import Prediction
from deployment.reader.wording import a, public_message
from deployment.ui import reasons
from deployment.ui.assets import asset
from deployment.ui.caches import training_images
from deployment.ui.digit import bars

MAX_TILES = 300  # more than the errors of a good network, few enough for a phone
_clicks = component("tiles", js=asset("tiles.js"))


@st.fragment
@guarded
def render(audit: Audit) -> None:
    """Tiles of errors and of confident hits. A click on any tile of the audit opens it here and reruns this section."""
    probs, y = audit.arrays["probs"], audit.arrays["y"]
    errors, hits = evidence.mistakes(probs, y), evidence.confident_hits(probs, y)
    shown = f"All {len(errors):,}" if len(errors) <= MAX_TILES else f"The {MAX_TILES} surest of {len(errors):,}"
    section("Errors and hits", f"{shown} errors and the surest right answers, by confidence. True digit → answer; "
            "below it the confidence.")
    errors = errors[:MAX_TILES]
    for tab, members in zip(st.tabs(["Errors", "Surest hits"]), (errors, hits), strict=True):
        with tab:
            tiles(audit, members)
    box, clicks = audit.key("closer"), audit.key("clicks")

    def open_clicked() -> None:
        opened = st.session_state[clicks].get("opened")
        if isinstance(opened, int) and 0 <= opened < len(y):
            st.session_state[box] = opened

    options = [*errors.tolist(), *hits.tolist()]
    opened = st.session_state.get(box)
    with st.container(key="closer"):
        chosen = st.selectbox(
            "Look closer at", options if opened in (None, *options) else [opened, *options], index=None,
            placeholder="choose an image here or click on it", key=box,
            format_func=lambda i: f"image {i}: {a(int(y[i]))} read as {probs[i].argmax()}, {percent(probs[i].max())}")
        if chosen is not None:
            try:
                _closer(audit, chosen)
            except (OSError, ValueError) as error:  # no images, or another model
                st.warning(public_message(error))
    _clicks(key=clicks, data={"shown": chosen}, on_opened_change=open_clicked)


def _closer(audit: Audit, index: int) -> None:
    """One test image: probabilities, attribution of the answer against its alternative, nearest training images."""
    if not audit.current:
        raise ValueError(f"These figures belong to another model. Remake them with `{audit.command}`.")
    deployer, probs, true = audit.deployer, audit.arrays["probs"][index], int(audit.arrays["y"][index])
    second, answer = (int(digit) for digit in np.argsort(probs, kind="stable")[-2:])
    alternative = true if true != answer else second
    image = test_images()[index] / np.float32(255)
    hidden, novelty = deployer.hidden_activations(image[None]), audit.arrays["novelty"][index]
    emotion = str(deployer.model.readout.emotions(probs[None], novelty)[0])
    reading = Prediction(answer, probs, float(probs[answer]), second, {}, float(novelty), emotion, None,
                         [layer[0] for layer in hidden], image)
    left, right = st.columns([2, 3])
    with left:
        st.caption(f"Test image {index}: {a(true)}, read as {a(answer)}; emotion: {emotion}.")
        st.html(bars(reading))
    with right:
        values = deployer.explain(image, answer, alternative)
        st.html(reasons.ink(image, values, answer, alternative, "integrated_gradients"))
        try:
            indices, similarity, labels = deployer.neighbours(reading)
            n = len(deployer.bank.labels)
            st.html(reasons.neighbours(training_images()[indices], similarity, labels, n))
        except (OSError, ValueError) as error:  # the model has no k-NN index
            st.html(reasons.missing_neighbours(public_message(error)))
