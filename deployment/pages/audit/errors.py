"""The audit's errors and hits, and a closer look at one image: probabilities, pixels that spoke, neighbours."""

from types import SimpleNamespace

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core.formats import percent
from deployment.pages.audit import evidence
from deployment.pages.audit.parts import Audit, guarded, section, test_images, tiles
from deployment.reader.wording import a, public_message
from deployment.ui import reasons
from deployment.ui.assets import asset
from deployment.ui.caches import training_images
from deployment.ui.digit import bars

MOST_TILES = 300  # enough for every error of a good network, and light enough for a phone
_clicks = component("tiles", js=asset("tiles.js"))


@st.fragment
@guarded
def render(audit: Audit) -> None:
    """Tiles of all errors and the surest hits; choosing one, or a tile anywhere in the audit, reruns this part
    alone."""
    probs, y = audit.arrays["probs"], audit.arrays["y"]
    errors, hits = evidence.mistakes(probs, y), evidence.confident_hits(probs, y)
    shown = f"All {len(errors):,}" if len(errors) <= MOST_TILES else f"The {MOST_TILES} surest of {len(errors):,}"
    section("Errors and hits", f"{shown} errors, the surest first, and the surest right answers. True digit → "
            "answer; below it the stated confidence.")
    errors = errors[:MOST_TILES]
    for tab, members in zip(st.tabs(["Errors", "Surest hits"]), (errors, hits), strict=True):
        with tab:
            tiles(audit, members)
    box, clicks = audit.key("closer"), audit.key("clicks")

    def open_clicked():
        opened = st.session_state[clicks].get("opened")
        if isinstance(opened, int) and 0 <= opened < len(y):
            st.session_state[box] = opened

    known = [*errors.tolist(), *hits.tolist()]
    opened = st.session_state.get(box)
    with st.container(key="closer"):
        chosen = st.selectbox(
            "Look closer at", known if opened in (None, *known) else [opened, *known], index=None,
            placeholder="an error or a hit: choose it here or click on its picture", key=box,
            format_func=lambda i: f"image {i}: {a(y[i])} read as {probs[i].argmax()}, {percent(probs[i].max())}")
        if chosen is not None:
            try:
                _closer(audit, chosen)
            except (OSError, ValueError) as error:  # no images, or a model that no longer fits
                st.warning(public_message(error))
    _clicks(key=clicks, data={"shown": chosen}, on_opened_change=open_clicked)


def _closer(audit: Audit, index: int) -> None:
    """One test image: what was answered, which pixels spoke for that against its rival, whom it resembles."""
    if not audit.current:
        raise ValueError(f"The figures are of another model than the loaded one; remake them with `{audit.command}`.")
    deployer, probs, true = audit.deployer, audit.arrays["probs"][index], int(audit.arrays["y"][index])
    second, answer = (int(digit) for digit in np.argsort(probs, kind="stable")[-2:])
    rival = true if true != answer else second
    image = test_images()[index] / np.float32(255)
    hidden, novelty = deployer.hidden_activations(image[None]), audit.arrays["novelty"][index]
    emotion = str(deployer.model.readout.emotions(probs[None], novelty)[0])
    reading = SimpleNamespace(probabilities=probs, digit=answer, emotion=emotion, hidden=[layer[0] for layer in hidden])
    left, right = st.columns([2, 3])
    with left:
        st.caption(f"Test image {index}: {a(true)}, read as {a(answer)}; the network was {emotion}.")
        st.html(bars(reading))
    with right:
        values = deployer.explain(image, answer, rival)
        st.html(reasons.ink(image, values, answer, rival, "integrated_gradients"))
        try:
            near, similarity, labels = deployer.neighbours(reading)
            among = len(deployer.bank.labels)
            st.html(reasons.neighbours(training_images()[near], similarity, labels, among))
        except (OSError, ValueError) as error:  # no k-NN index was saved with this model
            st.html(reasons.missing_neighbours(public_message(error)))
