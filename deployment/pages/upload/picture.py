"""The uploaded picture in focus: its box, its ink and lines, the choice of the part that is read, and an offer of
quarter turns if the picture is out-of-distribution.

Half turns are not offered, as they turn a 6 into a 9.
"""

from typing import NamedTuple

import streamlit as st

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload import part as parts
from deployment.pages.upload.paper import View, figure, take_apart
from deployment.pages.upload.part import WHOLE, Part, Result
from deployment.reader.picture.archive import Picture, shown
from deployment.reader.picture.load import load_pixels
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import NumberReading, Prediction
from deployment.reader.wording import a, sure
from deployment.ui.html import boxed, framed

TURNS = {1: "to the left", -1: "to the right"}  # quarters, as numpy.rot90 counts them
PROBABLE = 0.5  # confidence of a number: more, and it is not turned; less, and a turned one is not offered
LONGEST = 16  # signs of a number on a button
FADED = "; the pale rest was left out"


class Shown(NamedTuple):
    """What the page shows of a picture: its reading, HTML of the picture (of a number the page draws it), and the turns
    to offer, {quarter: label}."""

    result: Result
    more: NumberReading | None
    body: str
    offers: dict[int, str]


def view_of(picture: Picture, key: tuple, quarter: int = 0) -> View | None:
    """The picture taken apart, in this turn; None if it cannot be decoded. The last one is stored.

    key: identifier of the picture in its upload, as of `read`.
    """
    state, of = st.session_state, (_file(key), quarter)
    if state.get("view_of") != of:
        try:
            pixels = load_pixels(picture.load(), shown(picture.name))
            grey, values = parts.turned(pixels.grey, quarter), parts.turned(pixels.values, quarter)
            state.view = take_apart(grey, values, pixels.scale)
        except InputError:
            state.view = None
        state.view_of = of
    return state.view


def read(deployer: MNISTDeployer, picture: Picture, result: Result, more: NumberReading | None,
         key: tuple) -> tuple[Result, NumberReading | None]:
    """Read the chosen part of a picture in its chosen turn.

    Parameters
    ----------
    deployer : MNISTDeployer
    picture : Picture
    result : Prediction, NumberReading or InputError
        Of the whole picture as it came.
    more : NumberReading or None
        Of a picture that was read as one digit and looks like more.
    key : tuple
        Identifier of the picture and of how it is read: model, whether as a number, files, index.

    Returns
    -------
    result : Prediction, NumberReading or InputError
        Its boxes are those in the whole picture.
    more : NumberReading or None
    """
    state = st.session_state
    quarter = state.setdefault("turns", {}).get(key, 0)
    view = view_of(picture, key, quarter)
    part = _part(key, quarter)
    if state.get("picture_of") != (key, quarter, part):
        if view is None:
            state.picture = Shown(result, more, "", {})
        else:
            state.picture = _shown(deployer, picture, Shown(result, more, "", {}), view, quarter, part)
        state.picture_of = key, quarter, part
    return state.picture.result, state.picture.more


def _shown(deployer: MNISTDeployer, picture: Picture, whole: Shown, view: View, quarter: int, part: Part) -> Shown:
    """What is shown of a part of a picture; whole: the reading of the whole picture as it came."""
    name, (result, more, _, offers) = shown(picture.name), whole
    if part != WHOLE or quarter:
        result, more = _read(deployer, picture.load(), name, part, quarter)
    elif unfamiliar(result):
        offers = _turns(deployer, picture.load(), name)
    grey, note = parts.faded(view.grey, part), "" if part == WHOLE else FADED
    if isinstance(result, NumberReading):
        if part != WHOLE:
            result = parts.on_page(result, grey, view.scale)
        return Shown(result, more, "", offers)
    if isinstance(result, InputError):
        return Shown(result, more, framed(grey, view.scale, [], [], f"{name}: nothing was read{note}"), offers)
    return Shown(result, more, boxed(grey, view.scale, result, name, note), offers)


def _read(deployer: MNISTDeployer, data: bytes, name: str, part: Part,
          quarter: int) -> tuple[Result, NumberReading | None]:
    """As of deployment.pages.upload.part.read, in the mode of the upload."""
    reading = st.session_state.reading
    return parts.read(deployer, data, name, part, quarter, reading.numbers, **reading.options)


def unfamiliar(result: Result) -> bool:
    """Whether a picture may be turned: a digit is curious; of a number that is improbable most places are, or there are
    hardly more places than lines, as digits in a row stand one below the other after a quarter turn."""
    if isinstance(result, NumberReading):
        curious, lines = sum(place.emotion == "curious" for place in result.digits), result.text.count("\n") + 1
        return result.confidence < PROBABLE and (2 * curious >= len(result.digits)
                                                 or (lines > 2 and 2 * len(result.digits) < 3 * lines))
    return isinstance(result, Prediction) and result.emotion == "curious"


def _turns(deployer: MNISTDeployer, data: bytes, name: str) -> dict[int, str]:
    """The quarter turns in which a picture looks familiar, with the words of their buttons."""
    offers = {}
    for quarter, side in TURNS.items():
        reading, _ = _read(deployer, data, name, WHOLE, quarter)
        if isinstance(reading, InputError) or unfamiliar(reading) or (
                isinstance(reading, NumberReading) and reading.confidence < PROBABLE):
            continue
        text = reading.text.split("\n")[0] if isinstance(reading, NumberReading) else a(reading.digit)
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
        offers[quarter] = f"Turned a quarter {side} it reads as {text}, {sure(reading.confidence)}: read it so"
    return offers


def show(key: tuple) -> None:
    """Show the picture that was read last, and its turns."""
    _, _, body, offers = st.session_state.picture
    turns = st.session_state.turns
    if body:
        st.html(body)
    for quarter, words in offers.items():
        st.button(words, key=f"turn_{quarter}", on_click=turns.__setitem__, args=(key, quarter))
    if turns.get(key):
        st.button("Read it as it came", key="turn_back", on_click=turns.pop, args=(key,))


def is_part(key: tuple) -> bool:
    """Whether a part of the picture is read alone."""
    return _part(key, st.session_state.turns.get(key, 0)) != WHOLE


def show_parts(picture: Picture, key: tuple) -> None:
    """Show the picture as it was taken apart, with the choice of the part that is read."""
    quarter = st.session_state.turns.get(key, 0)
    view, part = view_of(picture, key, quarter), _part(key, quarter)
    if view is None:
        return
    with st.container(horizontal=True, gap="medium", key="paper"):
        with st.container(width=400, key="tinted"):
            st.html(figure(view, shown(picture.name), None if part == WHOLE else part.box(view.size)))
        with st.container(width=400, key="part"):
            _controls(view, part, (_file(key), quarter))


def _controls(view: View, part: Part, of: tuple) -> None:
    """Widgets that choose a part; of: identifier of the picture and its turn."""
    state = st.session_state
    around = [parts.around(view.components, i, view.size) for i in range(len(view.components))]
    st.html('<p class="q q-label">Read a part alone</p>')
    if len(around) > 1:
        state.part_component = around.index(part) + 1 if part in around else None
        st.segmented_control("Read piece", range(1, len(around) + 1), key="part_component", on_change=_choose,
                             args=(of, around), help="The numbers are those on the tinted picture.")
    state.part_across, state.part_down = (part.left, part.right), (part.top, part.bottom)
    for side, words in (("across", "Across, from the left edge to the right"), ("down", "Down, from top to bottom")):
        st.slider(words, 0.0, 100.0, step=parts.STEP, format="%g %%", key=f"part_{side}", on_change=_mark, args=(of,))
    if part != WHOLE:
        st.button("Read the whole picture", key="part_whole", on_click=_set, args=(of, WHOLE))


def _choose(of: tuple, around: list[Part]) -> None:
    chosen = st.session_state.part_component
    _set(of, WHOLE if chosen is None else around[chosen - 1])


def _mark(of: tuple) -> None:
    _set(of, parts.between(st.session_state.part_across, st.session_state.part_down))


def _set(of: tuple, part: Part) -> None:
    st.session_state.setdefault("parts", {})[of] = part


def _part(key: tuple, quarter: int) -> Part:
    return st.session_state.get("parts", {}).get((_file(key), quarter), WHOLE)


def _file(key: tuple) -> tuple:
    """The identifier of a picture, however it is read."""
    return key[2:]
