"""The panel of a number: the picture with boxes, the text to copy, one place in detail."""

import hashlib

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from deployment.reader.csv_tables import places_csv
from deployment.reader.prediction import NumberReading, Place
from deployment.ui import digit, number
from deployment.ui.assets import component

_boxes = component("number_boxes", html=("number.html",), css=("number.css",), js=("number.js",))


def render(reading: NumberReading, picture: DeltaGenerator | None = None) -> Place:
    """Show a NumberReading. Returns the Place in detail: the clicked or the most doubtful one. picture: the container
    of the picture, if it is elsewhere."""
    of = hashlib.sha256(reading.page.tobytes() + reading.text.encode()).hexdigest()[:16]
    clicked = st.session_state.get("number_boxes", {}).get("place") or {}
    chosen = doubtful(reading)
    if clicked.get("of") == of and 0 <= clicked.get("place", -1) < len(reading.digits):
        chosen = clicked["place"]
    with picture or st.container():
        _boxes(key="number_boxes", data=number.boxes(reading, chosen) | {"of": of}, on_place_change=lambda: None)
    with st.container(horizontal=True, vertical_alignment="bottom", key="number_out"):
        st.code(reading.text, language=None, width="content")
        st.download_button("Download its digits as CSV", places_csv(reading), "number.csv", "text/csv",
                           on_click="ignore", key="number_csv")
    place = reading.digits[chosen]
    st.html(f'<p class="q q-label" data-testid="place" data-place="{chosen}">'
            f"{number.doubts(reading, chosen).capitalize()}</p>")
    with st.container(horizontal=True, gap="medium", key="number_place"):
        st.html(digit.seen(place.image, "the sign in the marked box"), width="content")
        st.html(digit.meaning(place) + digit.bars(place), width=320)
    return place


def doubtful(reading: NumberReading) -> int:
    """The index of the most doubtful place."""
    return min(range(len(reading.digits)), key=lambda place: reading.digits[place].chance)
