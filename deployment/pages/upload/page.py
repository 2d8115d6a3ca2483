"""Uploaded pictures or ZIP files. One picture is read like a drawing; several give a contact sheet, the chosen one in
full, and an audit if their names state the digit."""

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload import digit_audit, html, number_audit, picture
from deployment.pages.upload.contact_sheet import digit_sheet
from deployment.pages.upload.run import Run
from deployment.reader.csv_tables import digits_csv, numbers_csv
from deployment.reader.labels import number_label
from deployment.reader.number.hint import noticed
from deployment.reader.picture import archive
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import NumberReading, Prediction
from deployment.ui import source
from deployment.ui.html import notice

MOST_NOTICES = 6  # notices in full
FIRST, LATER = 1.0, 0.4  # seconds of reading before the page is first shown, and between two updates


class Focus(NamedTuple):
    """The picture shown in place of the drawing area; its name is None while several are being read."""

    name: str | None = None
    result: Prediction | NumberReading | InputError | None = None
    more: NumberReading | None = None  # number reading of a picture that was read as one digit and looks like more
    picture: archive.Picture | None = None
    key: tuple = ()  # identifier


def render(deployer: MNISTDeployer, files: list, refused: list[str]) -> Focus:
    """Show the contact sheet of several files; return the picture in focus: the ticked one, or the least confident of
    the newest files. If nothing can be read, its result is an InputError.

    refused: sentences on files that were too large to send.
    """
    reading = _reading(deployer, files)
    if not reading.pictures:
        return Focus("", InputError(" ".join([*refused, *reading.sentences])))
    if reading.going:
        reading.step(deployer, FIRST)
    if reading.going:
        return Focus()
    names, results = reading.names, reading.results
    left_out = [*refused, *reading.sentences]
    notices = [*left_out, *(str(result) for result in results if isinstance(result, InputError))]
    if len(reading.pictures) == 1:
        _show_notices(left_out)
        return _in_full(deployer, reading, 0)
    read = [i for i, result in enumerate(results) if not isinstance(result, InputError)]
    _stopped(reading)
    if not read:
        return Focus("", InputError(" ".join(notices[:MOST_NOTICES]) or "Nothing was read before the stop."))

    st.subheader("Contact sheet", anchor=False)
    _show_notices(notices)
    newest_files = st.session_state.newest
    rows = cast(Any, [(names[i], results[i]) for i in read])  # all of one kind, by reading.numbers
    newest = [row for row, i in enumerate(read) if files[reading.pictures[i].file].file_id in newest_files]
    key = f"sheet_{'_'.join(newest_files)}_{reading.numbers}"
    show = number_audit.sheet if reading.numbers else digit_sheet
    chosen = read[show(rows, key, newest or list(range(len(rows))))]
    (_audit_of_numbers if reading.numbers else _audit_of_digits)(deployer, names, cast(Any, results))
    return _in_full(deployer, reading, chosen)


def is_shown(focus: Focus | None) -> bool:
    """Whether a picture is shown in place of the drawing area."""
    return bool(focus and focus.picture and st.session_state.source in ("upload", "photograph"))


def read(deployer: MNISTDeployer, focus: Focus) -> tuple[
        str | None, Prediction | NumberReading | InputError | None, NumberReading | None]:
    """Name, result and more of the picture in focus: of its chosen part, in its chosen turn."""
    result, more = focus.result, focus.more
    if focus.picture and result:
        result, more = picture.read(deployer, focus.picture, result, more, focus.key)
    return focus.name, result, more


def show(focus: Focus, container: DeltaGenerator) -> None:
    """Show the picture in focus and its buttons; the picture of a number is in the container already."""
    with container:
        picture.show(focus.key)
        st.button("Back to drawing", key="back_to_drawing", on_click=source.use, args=("drawing",))


def show_parts(focus: Focus, container: DeltaGenerator) -> None:
    """Show the ink of the picture in focus, and the choice of the part that is read."""
    if focus.picture:
        with container:
            picture.show_parts(focus.picture, focus.key)


def file(focus: Focus, name: str) -> str:
    """The name of the file as HTML, and whether a part of the picture is read alone."""
    note = ", the marked part alone" if focus.picture and picture.is_part(focus.key) else ""
    return f'<p class="q q-quiet q-file" data-testid="file">{escape(name)}{note}</p>'


def _audit_of_digits(deployer: MNISTDeployer, names: list[str], results: Sequence[Prediction | InputError]) -> None:
    summary = digit_audit.audit(names, results)
    with st.container(horizontal=True):
        st.download_button("Download as CSV", digits_csv(names, results), "qualm.csv", "text/csv", on_click="ignore")
        if summary:
            model = f"Model in {deployer.model_dir.name}/, SHA-256 {deployer.sha256[:12]}"
            st.download_button("Download the audit to print", html.page(summary, names, results, model),
                               "qualm-audit.html", "text/html", on_click="ignore")
    if summary:
        _audit(summary, names, results)
    else:
        st.caption("Put the digit into the file names, such as 7_anything.png, to get an audit here.")
    labels = [label for label in map(number_label, names) if label and len(label) > 1]
    if labels:
        with st.container(horizontal=True, vertical_alignment="center", key="offer_numbers"):
            st.html(notice(f"{len(labels):,} pictures have a number in the name, such as {labels[0].splitlines()[0]}."))
            st.button("Read the pictures as numbers", on_click=source.use_mode, args=("number",))


def _audit_of_numbers(deployer: MNISTDeployer, names: list[str],
                      results: Sequence[NumberReading | InputError]) -> None:
    st.download_button("Download as CSV", numbers_csv(names, results), "qualm-numbers.csv", "text/csv",
                       on_click="ignore")
    summary = number_audit.audit(names, results)
    if summary:
        number_audit.show(summary, names, results)
    else:
        st.caption("Put the number into the file names, such as 2026_anything.jpg, to get an audit here.")


def _in_full(deployer: MNISTDeployer, reading: Run, index: int) -> Focus:
    """The Focus of a picture, with its full reading."""
    result, chosen = reading.results[index], reading.pictures[index]
    name = archive.shown(chosen.name)
    key = (*st.session_state.reading_of, index)
    if isinstance(result, InputError):
        can_be_seen = picture.view_of(chosen, key) is not None
        return Focus(name, result, None, chosen if can_be_seen else None, key)
    if isinstance(result, NumberReading):
        return Focus(name, _full_reading(key, deployer, chosen, reading.options), None, chosen, key)
    return Focus(name, result, _more(key, deployer, chosen, result), chosen, key)


@st.cache_resource(max_entries=16, show_spinner=False)
def _full_reading(key: tuple, _deployer: MNISTDeployer, _picture: archive.Picture,
                  _options: dict[str, bool]) -> NumberReading | InputError:
    """The NumberReading of a picture with its page and activations, which the run does not store."""
    name = f"“{archive.shown(_picture.name)}”"
    return _deployer.read_numbers([_picture.load()], [name], skip_errors=True, **_options)[0]


@st.cache_resource(max_entries=64, show_spinner=False)
def _more(key: tuple, _deployer: MNISTDeployer, _picture: archive.Picture,
          _result: Prediction) -> NumberReading | None:
    reading = noticed(_deployer, _picture.load(), _result)
    return reading and number_audit.slim(reading)  # only its text is shown


def _reading(deployer: MNISTDeployer, files: list) -> Run:
    """The run over these files; a new one if files, mode or model have changed."""
    state = st.session_state
    numbers = state.mode == "number"
    options = source.number_options() if numbers else {}
    ids = [file.file_id for file in files]
    key = (deployer.sha256, f"{numbers} {options}", *ids)
    if state.get("reading_of") != key:
        before = state.get("reading_of", ())
        state.newest = [name for name in ids if name not in before] or [
            name for name in ids if name in state.get("newest", ())] or ids
        pictures, sentences = archive.gather((file.name, file.getvalue()) for file in files)
        state.reading, state.reading_of = Run(pictures, sentences, numbers, **options), key
    return state.reading


@st.fragment(run_every=0.1)
def progress(deployer: MNISTDeployer) -> None:
    """Show a progress bar and a button to stop, and read for a step; rerun the page when all is read."""
    reading = st.session_state.reading
    total = len(reading.pictures)
    st.progress(reading.done / total, f"Reading {total:,} pictures: {reading.done:,} done, {_left(reading)} to go.")
    st.button("Stop reading", key="stop_reading", on_click=_stop, args=(reading,))
    reading.step(deployer, LATER)
    if not reading.going:
        st.rerun()


def _left(reading: Run) -> str:
    seconds = reading.seconds / max(reading.done, 1) * (len(reading.pictures) - reading.done)
    return "a few seconds" if seconds < 8 else f"about {seconds:.0f} s"


def _stop(reading: Run) -> None:
    reading.stopped = True


def _go_on(reading: Run) -> None:
    reading.stopped = False


def _stopped(reading: Run) -> None:
    if reading.stopped:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(notice(f"Stopped: {reading.done:,} of {len(reading.pictures):,} pictures were read."))
            st.button("Read the rest", key="read_rest", on_click=_go_on, args=(reading,))


def _show_notices(sentences: list[str]) -> None:
    """The first notices in full and the number of the others."""
    for sentence in sentences[:MOST_NOTICES]:
        st.html(notice(sentence))
    if len(sentences) > MOST_NOTICES:
        st.html(notice(f"{len(sentences) - MOST_NOTICES:,} more could not be read; the CSV lists all."))


def _audit(summary: digit_audit.DigitAudit, names: list[str], results: Sequence[Prediction | InputError]) -> None:
    st.subheader("Audit of your pictures", anchor=False)
    unlabelled = len(names) - summary.n
    left_out = f" {unlabelled:,} without a digit in the name are left out." if unlabelled else ""
    st.caption(f"On the {summary.n:,} pictures with the digit in the name, such as 7_anything.png.{left_out}")
    st.html(html.figures(summary))
    with st.container(horizontal=True, gap="large"):
        with st.container(width=420):
            st.markdown("**Confusion**")
            st.html(html.confusion(summary))
        with st.container(width=420):
            st.markdown("**Emotions, and how often they were right**")
            st.html(html.emotions(summary))
    if summary.errors:
        most = html.MOST_TILES
        shown = "" if len(summary.errors) <= most else f", the {most} surest"
        st.markdown(f"**Errors: {len(summary.errors):,}{shown}**")
        st.caption("The digit in the name → the answer; below it the stated confidence, the surest first.")
        st.html(html.tiles(names, results, summary.errors[:most]))
