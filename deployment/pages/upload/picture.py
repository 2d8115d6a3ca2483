"""The uploaded picture in focus with its box, and an offer of quarter turns if the picture is out-of-distribution.

Half turns are not offered, as they turn a 6 into a 9.
"""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.paper.digit import find_digit
from deployment.reader.picture.archive import Picture, shown
from deployment.reader.picture.load import InputError
from deployment.reader.prediction import Prediction
from deployment.reader.wording import a, sure
from deployment.ui.html import boxed

TURNS = {1: "to the left", -1: "to the right"}  # quarters, as numpy.rot90 counts them


def read(deployer: MNISTDeployer, picture: Picture, result: Prediction, key: tuple) -> Prediction:
    """The Prediction of a picture in its chosen turn; result: that of the picture as it is; key: its identifier."""
    state = st.session_state
    quarter = state.setdefault("turns", {}).get(key, 0)
    if state.get("picture_of") != (key, quarter):
        try:
            state.picture = _view(deployer, picture, result, quarter)
        except InputError:
            state.picture = "", None, {}
        state.picture_of = key, quarter
    return state.picture[1] or result


def show(key: tuple) -> None:
    """Show the picture that was read last, and its turns."""
    body, _, offers = st.session_state.picture
    turns = st.session_state.turns
    st.html(body)
    for quarter, words in offers.items():
        st.button(words, key=f"turn_{quarter}", on_click=turns.__setitem__, args=(key, quarter))
    if turns.get(key):
        st.button("Read it as it came", key="turn_back", on_click=turns.pop, args=(key,))


def _view(deployer: MNISTDeployer, picture: Picture, result: Prediction,
          quarter: int) -> tuple[str, Prediction | None, dict[int, str]]:
    """HTML of the picture, its Prediction if it is turned, and the turns to offer: {quarter: label}."""
    name = shown(picture.name)
    located, offers = find_digit(picture.load(), name), {}
    if quarter:
        turned = turn(located.grey, quarter)
        reading = deployer.predict(turned)
        return boxed(turned, 1, reading, name), reading, {}
    if result.emotion == "curious":
        readings = deployer.predict_batch([turn(located.grey, quarter) for quarter in TURNS], skip_errors=True)
        for (quarter, side), reading in zip(TURNS.items(), readings, strict=True):
            if not isinstance(reading, InputError) and reading.emotion != "curious":
                offers[quarter] = (f"Turned a quarter {side} it reads as {a(reading.digit)}, "
                                   f"{sure(reading.confidence)}: read it so")
    return boxed(located.grey, located.scale, result, name), None, offers


def turn(grey: NDArray[np.floating], quarter: int) -> NDArray[np.floating]:
    """The picture (H, W) turned by quarters, counterclockwise."""
    return np.ascontiguousarray(np.rot90(grey, quarter))
