"""The uploaded picture in focus: itself with the box that was read, and quarter turns where it looks unfamiliar.

A turn is offered, never made unasked, and never half a turn: that would make a 6 of a 9.
"""

import numpy as np
import streamlit as st

from deployment.reader.paper.digit import find_digit
from deployment.reader.picture.archive import shown
from deployment.reader.picture.load import InputError
from deployment.reader.wording import a, sure
from deployment.ui.html import boxed

TURNS = {1: "to the left", -1: "to the right"}  # quarters, as numpy.rot90 counts them


def read(deployer, picture, result, key):
    """The Prediction that stands for one picture that was read as `result`: turned where that was asked. key: what
    tells this picture from others."""
    state = st.session_state
    quarter = state.setdefault("turns", {}).get(key, 0)
    if state.get("picture_of") != (key, quarter):
        try:
            state.picture = _look(deployer, picture, result, quarter)
        except InputError:
            state.picture = "", None, {}
        state.picture_of = key, quarter
    return state.picture[1] or result


def show(key) -> None:
    """Show the picture that was read last, and the turns it offers."""
    body, _, offers = st.session_state.picture
    turns = st.session_state.turns
    st.html(body)
    for quarter, words in offers.items():
        st.button(words, key=f"turn_{quarter}", on_click=turns.__setitem__, args=(key, quarter))
    if turns.get(key):
        st.button("Read it as it came", key="turn_back", on_click=turns.pop, args=(key,))


def _look(deployer, picture, result, quarter: int) -> tuple:
    """HTML of the picture, its Prediction where it is turned, and the turns to offer: {quarter: words}."""
    name = shown(picture.name)
    found, offers = find_digit(picture.load(), name), {}
    if quarter:
        turned = turn(found.grey, quarter)
        reading = deployer.predict(turned)
        return boxed(turned, 1, reading, name), reading, {}
    if result.emotion == "curious":
        readings = deployer.predict_batch([turn(found.grey, quarter) for quarter in TURNS], skip_errors=True)
        for (quarter, side), reading in zip(TURNS.items(), readings, strict=True):
            if not isinstance(reading, InputError) and reading.emotion != "curious":
                offers[quarter] = (f"Turned a quarter {side} it would be {a(reading.digit)}, "
                                   f"{sure(reading.confidence)}: read it so")
    return boxed(found.grey, found.scale, result, name), None, offers


def turn(grey, quarter: int):
    return np.ascontiguousarray(np.rot90(grey, quarter))
