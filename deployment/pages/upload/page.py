"""Uploaded pictures, in ZIP files or one by one: one is read like a drawing; many become a contact sheet with one
picture read in full, and an audit if their names state the digit."""

from html import escape
from typing import NamedTuple

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload import digit_audit, html, number_audit, picture
from deployment.pages.upload.contact_sheet import ticked
from deployment.pages.upload.run import Run
from deployment.reader.csv_tables import digits_csv, numbers_csv
from deployment.reader.labels import number_label
from deployment.reader.number.hint import noticed
from deployment.reader.picture import archive
from deployment.reader.picture.load import InputError
from deployment.reader.prediction import NumberReading, Prediction
from deployment.ui import source
from deployment.ui.html import grey_uri, notice

MOST_NOTICES = 6  # shown in full
FIRST, LATER = 1.0, 0.4  # seconds of reading before the page is first shown, and between two looks at it


class Focus(NamedTuple):
    """The picture that stands in the place of the drawing area; without a name while many are still being read."""

    name: str | None = None
    result: Prediction | NumberReading | InputError | None = None
    more: NumberReading | None = None  # what was read as one digit and looks like more
    picture: archive.Picture | None = None
    key: tuple = ()  # what tells it from others


def render(deployer: MNISTDeployer, files: list, refused: list[str]) -> Focus:
    """Show the contact sheet of several files; return the picture in focus: of the newest files the one in most doubt,
    or the one whose row is ticked. Where nothing can be read, its InputError says why.

    `refused`: sentences on files that were not even sent.
    """
    reading = _reading(deployer, files)
    if not reading.pictures:
        return Focus("", InputError(" ".join([*refused, *reading.sentences])))
    if reading.going:
        reading.step(deployer, FIRST)
    if reading.going:
        return Focus()
    names, results = reading.names, reading.results
    notices = [*refused, *reading.sentences]
    sentences = [*notices, *(str(result) for result in results if isinstance(result, InputError))]
    if len(reading.pictures) == 1:
        _tell(notices)
        return _in_full(deployer, reading, 0)
    read = [i for i, result in enumerate(results) if not isinstance(result, InputError)]
    _stopped(reading)
    if not read:
        return Focus("", InputError(" ".join(sentences[:MOST_NOTICES]) or "Nothing was read before the stop."))

    st.subheader("Contact sheet", anchor=False)
    _tell(sentences)
    rows, came = [(names[i], results[i]) for i in read], st.session_state.newest
    newest = [row for row, i in enumerate(read) if files[reading.pictures[i].file].file_id in came]
    key = f"sheet_{'_'.join(came)}_{reading.numbers}"
    show = number_audit.sheet if reading.numbers else _sheet
    chosen = read[show(rows, key, newest or list(range(len(rows))))]
    (_audit_of_numbers if reading.numbers else _audit_of_digits)(deployer, names, results)
    return _in_full(deployer, reading, chosen)


def is_shown(focus: Focus | None) -> bool:
    """Whether a picture takes the place of the drawing area."""
    return bool(focus and focus.picture and st.session_state.source in ("upload", "photograph"))


def read(deployer: MNISTDeployer, focus: Focus) -> tuple:
    """Name, result and more of the picture in focus, turned where that was asked."""
    result = focus.result
    if focus.picture and isinstance(result, Prediction):
        result = picture.read(deployer, focus.picture, result, focus.key)
    return focus.name, result, focus.more


def show(focus: Focus, place: DeltaGenerator) -> None:
    """Show the picture in focus in a container, with what may be asked of it; that of a number stands there already."""
    with place:
        if isinstance(focus.result, Prediction):
            picture.show(focus.key)
        st.button("Back to drawing", key="back_to_drawing", on_click=source.use, args=("drawing",))


def file(name: str) -> str:
    """The name of the file beside its answer."""
    return f'<p class="q q-quiet q-file" data-testid="file">{escape(name)}</p>'


def _audit_of_digits(deployer, names: list[str], results: list) -> None:
    audit = digit_audit.audit(names, results)
    with st.container(horizontal=True):
        st.download_button("Download as CSV", digits_csv(names, results), "qualm.csv", "text/csv", on_click="ignore")
        if audit:
            model = f"Model in {deployer.model_dir.name}/, SHA-256 {deployer.sha256[:12]}"
            st.download_button("Download the audit to print", html.page(audit, names, results, model),
                               "qualm-audit.html", "text/html", on_click="ignore")
    if audit:
        _audit(audit, names, results)
    else:
        st.caption("Name the files after their digits, such as 7_anything.png, and an audit of them appears here.")
    labels = [label for label in map(number_label, names) if label and len(label) > 1]
    if labels:
        with st.container(horizontal=True, vertical_alignment="center", key="offer_numbers"):
            st.html(notice(f"The names of {len(labels):,} pictures state numbers, such as "
                           f"{labels[0].splitlines()[0]}."))
            st.button("Read the pictures as numbers", on_click=source.use_mode, args=("number",))


def _audit_of_numbers(deployer, names: list[str], results: list) -> None:
    st.download_button("Download as CSV", numbers_csv(names, results), "qualm-numbers.csv", "text/csv",
                       on_click="ignore")
    audit = number_audit.audit(names, results)
    if audit:
        number_audit.show(audit, names, results)
    else:
        st.caption("Name the files after what they show, such as 2026_anything.jpg, and an audit of them appears here.")


def _in_full(deployer, reading, number: int) -> Focus:
    """A picture with all that is said of it."""
    result, chosen = reading.results[number], reading.pictures[number]
    name = archive.shown(chosen.name)
    if isinstance(result, InputError):
        return Focus(name, result)
    key = (*st.session_state.reading_of, number)
    if reading.numbers:
        return Focus(name, _again(key, deployer, chosen), None, chosen, key)
    return Focus(name, result, _more(key, deployer, chosen, result), chosen, key)


@st.cache_resource(max_entries=16, show_spinner=False)
def _again(key: tuple, _deployer, _picture):
    """The whole NumberReading of a picture, of which only a summary is stored."""
    return _deployer.read_numbers([_picture.load()], [f"“{archive.shown(_picture.name)}”"], skip_errors=True)[0]


@st.cache_resource(max_entries=64, show_spinner=False)
def _more(key: tuple, _deployer, _picture, _result):
    number = noticed(_deployer, _picture.load(), _result)
    return number and number_audit.slim(number)  # its text is shown, not its page


def _reading(deployer, files: list) -> Run:
    """The reading of these files, begun anew where they or the model are others than before."""
    state = st.session_state
    numbers_asked = state.mode == "number"
    ids = [file.file_id for file in files]
    key = (deployer.sha256, numbers_asked, *ids)
    if state.get("reading_of") != key:
        before = state.get("reading_of", ())
        state.newest = [name for name in ids if name not in before] or [
            name for name in ids if name in state.get("newest", ())] or ids
        pictures, sentences = archive.gather((file.name, file.getvalue()) for file in files)
        state.reading, state.reading_of = Run(pictures, sentences, numbers_asked), key
    return state.reading


@st.fragment(run_every=0.1)
def progress(deployer: MNISTDeployer) -> None:
    """Read on, a step each time the page looks; a bar and a button to stop. The page comes again when all is read."""
    reading = st.session_state.reading
    total = len(reading.pictures)
    st.progress(reading.done / total, f"Reading {total:,} pictures: {reading.done:,} done, {_left(reading)} to go.")
    st.button("Stop reading", key="stop_reading", on_click=_stop, args=(reading,))
    reading.step(deployer, LATER)
    if not reading.going:
        st.rerun()


def _left(reading) -> str:
    seconds = reading.seconds / max(reading.done, 1) * (len(reading.pictures) - reading.done)
    return "a few seconds" if seconds < 8 else f"about {seconds:.0f} s"


def _stop(reading) -> None:
    reading.stopped = True


def _go_on(reading) -> None:
    reading.stopped = False


def _stopped(reading) -> None:
    if reading.stopped:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(notice(f"Stopped: {reading.done:,} of {len(reading.pictures):,} pictures were read."))
            st.button("Read the rest", key="read_rest", on_click=_go_on, args=(reading,))


def _tell(sentences: list[str]) -> None:
    """Notices, the first of many in full and the rest by their number."""
    for sentence in sentences[:MOST_NOTICES]:
        st.html(notice(sentence))
    if len(sentences) > MOST_NOTICES:
        st.html(notice(f"{len(sentences) - MOST_NOTICES:,} more could not be read; the CSV names them all."))


def _audit(audit: digit_audit.DigitAudit, names: list[str], results: list) -> None:
    st.subheader("Audit of your pictures", anchor=False)
    unlabelled = len(names) - audit.n
    left_out = f" {unlabelled:,} without a digit in the name are left out." if unlabelled else ""
    st.caption(f"On the {audit.n:,} pictures whose names state the digit, as 7_anything.png does.{left_out}")
    st.html(html.figures(audit))
    with st.container(horizontal=True, gap="large"):
        with st.container(width=420):
            st.markdown("**Confusion**")
            st.html(html.confusion(audit))
        with st.container(width=420):
            st.markdown("**Emotions, and how often they were right**")
            st.html(html.emotions(audit))
    if audit.errors:
        most = html.MOST_TILES
        shown = "" if len(audit.errors) <= most else f", the {most} surest"
        st.markdown(f"**Errors: {len(audit.errors):,}{shown}**")
        st.caption("The digit in the name → the answer; below it the stated confidence, the surest first.")
        st.html(html.tiles(names, results, audit.errors[:most]))


def _sheet(rows: list, key: str, newest: list[int]) -> int:
    """Show the table; the number of the row in focus, see deployment.pages.upload.contact_sheet."""
    table = pd.DataFrame(
        {
            "Picture": [grey_uri(prediction.image) for _, prediction in rows],
            "File": [name for name, _ in rows],
            "Answer": [str(prediction.digit) for _, prediction in rows],
            "Confidence": [prediction.confidence for _, prediction in rows],
            "Emotion": [prediction.emotion for _, prediction in rows],
            "Runner-up": [str(prediction.runner_up) for _, prediction in rows],
        }
    )
    return ticked(table, key, "Table of the uploaded pictures with answer, confidence and emotion", newest)
