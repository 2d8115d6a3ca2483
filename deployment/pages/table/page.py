"""A photographed sheet of numbers as a table: what is sure, what needs a check, and the files to take away."""

import base64
import hashlib
import io
from html import escape
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.components.v2 import component

from deployment.deploy_mnist import MNISTDeployer
from deployment.reader import wording
from deployment.reader.picture.limits import MOST_BYTES
from deployment.reader.picture.load import load_pixels
from deployment.reader.picture.opening import InputError, page_count, page_of
from deployment.reader.picture.pages import MOST_PAGES
from deployment.reader.table.export import to_csv, to_xlsx
from deployment.reader.table.read import SIDE
from deployment.reader.table.reading import Cell, TableReading, edited, texts
from deployment.ui.assets import ASSETS, asset
from deployment.ui.html import notice

FEW = 0.3  # of the cells that are written in: with fewer numbers the sheet may lie on its side
QUALITY = 85  # of the JPEG that the page shows
EXAMPLE = "sheet.jpg"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_sheet = component("table_sheet", html=asset("table.html"), css=asset("table.css"), js=asset("table.js"))

Read = tuple[TableReading | InputError, NDArray[np.uint8] | None]  # and the picture


def render(deployer: MNISTDeployer) -> None:
    """Show the choice of a picture, and its table, one page at a time."""
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        file = st.file_uploader("Upload, drop or paste a photograph or scan of a table, at most "
                                f"{MOST_BYTES // 2**20} MB",
                                key="table_file", help="With lines between the cells or without; upright.",
                                max_upload_size=MOST_BYTES // 2**20)
        with st.container(key="table_camera", width="content"):
            photo = st.camera_input("A photograph of a table", label_visibility="collapsed", key="table_photo"
                                    ) if st.toggle("Take a photograph", key="table_camera_on") else None
            st.button("Try an example", key="table_example", on_click=state.__setitem__, args=("table_shown", True))
    chosen = photo or file
    if chosen is None and not state.get("table_shown"):
        st.html(notice("A sheet of marks, scores or measurements becomes a spreadsheet; only the doubtful cells are "
                       "asked about."))
        return
    name, data = (chosen.name, chosen.getvalue()) if chosen else (EXAMPLE, _example())
    try:
        number = _page(data, name)
    except InputError as error:
        st.html(notice(str(error)))
        return
    page = f"{hashlib.sha256(data).hexdigest()[:24]}-{number}"
    quarters = state.setdefault("table_quarters", {})
    key = f"{page}-{quarters[page]}" if quarters.get(page) else page
    with st.spinner("Reading the table"):
        reading, picture = _read(f"{deployer.sha256} {key}", deployer, data, name, number, quarters.get(page, 0))
    if picture is not None:
        st.button("Turn by a quarter", icon=":material/rotate_90_degrees_cw:", key="table_turn",
                  on_click=lambda: quarters.__setitem__(page, (quarters.get(page, 0) + 1) % 4))
    if isinstance(reading, InputError) or picture is None:
        st.html(notice(str(reading)))
        return
    _table(reading, picture, key, name)


def _page(data: bytes, name: str) -> int:
    """The chosen page of a file, counted from 0."""
    count = page_count(data, f"“{name}”")
    if count == 1:
        return 0
    most = min(count, MOST_PAGES)
    note = f", of {count:,} the first {most} can be read" if count > most else ""
    return int(st.number_input(f"Sheet, 1 to {most}{note}", 1, most, key="table_page")) - 1


@st.fragment
def _table(reading: TableReading, picture: NDArray[np.uint8], key: str, name: str) -> None:
    """The sheet and its table, linked, and the files."""
    st.html(f'<p class="q" data-testid="table" data-name="{escape(name)}">{summary(reading)}</p>')
    sheet = _sheet(key=f"table_{key}", data=for_browser(reading, picture, key), on_edits_change=lambda: None)
    sent = sheet.edits or {}
    mine, headings = (sent.get("edits", {}), sent.get("headings", [])) if sent.get("of") == key else ({}, [])
    table = edited(reading, mine)
    stem = name.rsplit(".", 1)[0]
    with st.container(horizontal=True):
        st.download_button("Download as CSV", to_csv(table, headings), f"{stem}.csv", "text/csv", on_click="ignore",
                           key="table_csv")
        st.download_button("Download as XLSX", to_xlsx(table, headings, picture), f"{stem}.xlsx", XLSX,
                           on_click="ignore", key="table_xlsx", help="Doubtful cells are coloured, with what else "
                           "they may be as comments and their pictures on a second sheet")


def summary(reading: TableReading) -> str:
    """How many cells are sure, and how many need a check."""
    cells = [cell for row in reading.rows for cell in row]
    numbers = [cell for cell in cells if cell.kind == "number"]
    sure, others = sum(cell.sure for cell in numbers), sum(cell.kind not in ("number", "empty") for cell in cells)
    return (f"{len(reading.rows)} rows, {len(reading.rows[0])} columns. Of {len(numbers):,} numbers {sure:,} are sure "
            f"and {len(numbers) - sure:,} need a check; {others:,} other cells hold text, print or dashes."
            f"{' If the sheet lies on its side, turn it.' if len(numbers) < FEW * (len(numbers) + others) else ''}")


def for_browser(reading: TableReading, picture: NDArray[np.uint8], key: str) -> dict[str, Any]:
    """Data for assets/table.js."""
    height, width = reading.size
    return {"key": key, "uri": _jpeg_uri(picture), "width": width, "height": height,
            "alt": f"The photographed table, {len(reading.rows)} rows and {len(reading.rows[0])} columns",
            "count": sum(cell.kind != "empty" for row in reading.rows for cell in row),
            "rows": [[_cell(cell) for cell in row] for row in reading.rows]}


def _cell(cell: Cell) -> dict[str, Any]:
    doubt = cell.kind == "number" and not cell.sure
    return {"kind": cell.kind, "text": cell.text, "doubt": doubt, "sure": wording.sure(cell.confidence),
            "alternatives": texts(cell.reading) if cell.reading is not None else [],
            "corners": [[round(x, 1), round(y, 1)] for x, y in cell.corners]}


def _jpeg_uri(picture: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


@st.cache_resource(max_entries=8, show_spinner=False)
def _read(key: str, _deployer: MNISTDeployer, _data: bytes, _name: str, _page: int, _quarter: int) -> Read:
    name = f"“{_name}”"
    try:
        picture = load_pixels(page_of(_data, _page, name), name, SIDE).whole
    except InputError as error:
        return error, None
    picture = np.ascontiguousarray(np.rot90(picture, -_quarter))
    try:
        return _deployer.read_table(picture, name), picture
    except InputError as error:
        return error, picture


@st.cache_data
def _example() -> bytes:
    return (ASSETS / "examples" / EXAMPLE).read_bytes()
