"""Details of a number: picture with boxes, text to copy, and one sign in detail."""

import hashlib

import streamlit as st
from streamlit.components.v2 import component
from streamlit.delta_generator import DeltaGenerator

from deployment.reader import wording
from deployment.reader.csv_tables import lines_csv, places_csv
from deployment.reader.prediction import NumberReading, Place
from deployment.ui import digit, number
from deployment.ui.assets import asset

_boxes = component("number_boxes", html=asset("number.html"), css=asset("number.css"), js=asset("number.js"))


def render(reading: NumberReading, picture: DeltaGenerator | None = None) -> Place:
    """Show a NumberReading; return the chosen Place: the one clicked, or the most doubtful one.

    picture: container for the picture, if it belongs elsewhere.
    """
    token = hashlib.sha256(reading.page.tobytes() + reading.text.encode()).hexdigest()[:16]
    click = st.session_state.get("number_boxes", {}).get("place") or {}
    chosen = doubtful(reading)
    if click.get("of") == token and 0 <= click.get("place", -1) < len(reading.digits):
        chosen = click["place"]
    with picture or st.container():
        _boxes(key="number_boxes", data=number.boxes(reading, chosen) | {"of": token}, on_place_change=lambda: None)
    with st.container(horizontal=True, vertical_alignment="bottom", key="number_out"):
        st.code(reading.text, language=None, width="content")
        st.download_button("Download its numbers as CSV", lines_csv(reading), "numbers.csv", "text/csv",
                           on_click="ignore", key="lines_csv", help="A row for each line, a column for each number of "
                           "it")
        st.download_button("Download its digits as CSV", places_csv(reading), "number.csv", "text/csv",
                           on_click="ignore", key="number_csv", help="A row for each digit and sign, with its "
                           "probability and its place")
    place = reading.digits[chosen]
    st.html(f'<p class="q q-label" data-testid="place" data-place="{chosen}">'
            f"{number.doubts(reading, chosen).capitalize()}</p>")
    with st.container(horizontal=True, gap="medium", key="number_place"):
        st.html(digit.seen(place.image, "the sign in the marked box"), width="content")
        is_sign = place.text in wording.SIGN_NAMES
        st.html(number.of_sign(place) if is_sign else digit.meaning(place) + digit.bars(place), width=320)
    return place


def doubtful(reading: NumberReading) -> int:
    """The index of the most doubtful place."""
    return min(range(len(reading.digits)), key=lambda place: reading.digits[place].chance)
