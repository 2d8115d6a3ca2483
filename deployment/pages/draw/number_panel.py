"""What is shown of a number beside its answer: the picture with boxes, the text to copy, one sign looked at closely."""

import hashlib

import streamlit as st

from deployment.reader.csv_tables import places_csv
from deployment.ui import digit, number
from deployment.ui.assets import asset

_boxes = st.components.v2.component("number_boxes", **{
    kind: asset(f"number.{kind}") for kind in ("html", "css", "js")})


def render(reading, picture=None) -> object:
    """Show a NumberReading; the Place that is looked at: the one clicked on, or the one in most doubt. picture: the
    container for the picture, where that does not stand here."""
    of = hashlib.sha256(reading.page.tobytes() + reading.text.encode()).hexdigest()[:16]
    said = st.session_state.get("number_boxes", {}).get("place") or {}
    chosen = doubtful(reading)
    if said.get("of") == of and 0 <= said.get("place", -1) < len(reading.digits):
        chosen = said["place"]
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


def doubtful(reading) -> int:
    """The number of the place in most doubt."""
    return min(range(len(reading.digits)), key=lambda place: reading.digits[place].chance)
