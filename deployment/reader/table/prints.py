"""Tell printed matter from handwriting: all printed digits of a kind are alike, and stand in line."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.page import NumberReader
from deployment.reader.number.sheet import Blob, box_around, usual_height
from deployment.reader.paper.frame import frame
from deployment.reader.paper.opencv import cv2
from deployment.reader.table.cells import Inside
from deployment.reader.table.separator import Separator

SMALL, LARGE = 0.4, 2.5  # of the usual height: signs and smudges show nothing
NARROW = 0.35  # of its height: one stroke is like another
SIZE = (24, 16)  # rows and columns to which blobs are brought for a comparison
ALIKE = 0.85  # correlation of two printed blobs
MOST_ALIKE = 0.5  # of the blobs of its size that read as the same digit are alike where they are printed
LEAST_OTHERS = 3  # such blobs; fewer may be alike by chance
HEIGHT, WIDTH = 0.07, 0.08  # by which such blobs may differ, of their height
LEVEL = (0.05, 0.03, 0.04)  # by which printed numbers of a column differ at most: height, base line, place across
LEVEL_HEADING = 0.03  # by which those of a heading differ: base line
PEERS, IN_LINE, EXACT = 4, 0.6, 0.75  # other cells; the share that has one height; of these, the share in line
HEADINGS = 2  # rows at the top that may be printed
MOST_SIGNS = 4  # in such a cell


def printed(deployer: NumberReader, rows: Sequence[Separator], columns: Sequence[Separator], cells: Sequence[Inside],
            ink: NDArray[np.floating]) -> set[tuple[int, int]]:
    """Rows and columns of the cells that hold print; ink (H, W): of the picture."""
    usual = usual_height([blob for cell in cells for blob in cell.blobs])
    marks = [(i, blob) for i, cell in enumerate(cells) for blob in cell.blobs
             if SMALL * usual < blob.height < LARGE * usual and blob.width > NARROW * blob.height]
    answer, alike = set(), _alike(deployer, marks, ink)
    for i, cell in enumerate(cells):
        shares = [share for (of, _), share in zip(marks, alike, strict=True) if of == i]
        if shares and np.mean(shares) >= MOST_ALIKE:
            answer.add((cell.row, cell.column))
    return answer | _in_line(rows, columns, cells, usual)


def row_numbers(cells: Sequence[Inside], texts: Sequence[str]) -> set[tuple[int, int]]:
    """The cells of the first column whose texts count the rows, 1, 2, 3, in digits of one height, as print does."""
    first = min((cell.column for cell in cells), default=0)
    of = [(cell, text) for cell, text in zip(cells, texts, strict=True) if cell.column == first]
    start = next((cell.row for cell, text in of if text == "1"), None)
    counted = [cell for cell, text in of if start is not None and text == str(cell.row - start + 1)]
    height = np.array([max(blob.height for blob in cell.blobs) for cell in counted])
    if len(counted) <= PEERS or (np.abs(height - np.median(height)) < LEVEL[0] * np.median(height) + 1).mean() < EXACT:
        return set()
    return {(cell.row, cell.column) for cell in counted}


def _alike(deployer: NumberReader, marks: Sequence[tuple[int, Blob]],
           ink: NDArray[np.floating]) -> NDArray[np.floating]:
    """Of the blobs in other cells that have the size of each and read as the same digit, the share that looks like it:
    (n,); 0 where there are few."""
    if len(marks) < 2:
        return np.zeros(len(marks))
    parts = [np.where(blob.mask, ink[blob.top : blob.bottom, blob.left : blob.right], 0).astype(np.float32)
             for _, blob in marks]
    digit = deployer.assess(np.stack([frame(part) for part in parts]))[0].argmax(axis=1)
    seen = np.array([cv2.resize(part, SIZE[::-1], interpolation=cv2.INTER_AREA).ravel() for part in parts])
    seen -= seen.mean(axis=1, keepdims=True)
    seen /= np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-6)
    of, height, width = (np.array(values) for values in zip(*[(i, blob.height, blob.width) for i, blob in marks],
                                                            strict=True))
    others = (digit == digit[:, None]) & (of != of[:, None]) & (np.abs(height - height[:, None]) < HEIGHT * height + 1)
    twins = others & (np.abs(width - width[:, None]) < WIDTH * height + 1) & (seen @ seen.T > ALIKE)
    count = others.sum(axis=1)
    return np.where(count >= LEAST_OTHERS, twins.sum(axis=1) / np.maximum(count, 1), 0.0)


def _in_line(rows: Sequence[Separator], columns: Sequence[Separator], cells: Sequence[Inside],
             usual: float) -> set[tuple[int, int]]:
    """The cells of a column, or of an upper row, whose digits have one height and stand exactly in line, as row numbers
    and headings do."""
    answer = set()
    single = [cell for cell in cells if len(cell.lines) == 1 and len(cell.blobs) <= MOST_SIGNS
              and any(blob.height > SMALL * usual for blob in cell.blobs)]
    for upright in (True, False):
        for i in {cell.column for cell in single} if upright else range(HEADINGS):
            of = [cell for cell in single if (cell.column if upright else cell.row) == i]
            if len(of) <= PEERS:
                continue
            places = np.array([_place(rows, columns, cell) for cell in of])
            tall = float(np.median(places[:, 0]))
            level = np.abs(places[:, 0] - tall) < LEVEL[0] * tall + 1
            if level.sum() <= PEERS or level.mean() < IN_LINE:
                continue
            at = np.array([cell.row if upright else cell.column for cell in of])[level]
            share = EXACT if upright else 1.0
            exact = _exact(at, places[level][:, 1:4], (LEVEL[1] if upright else LEVEL_HEADING) * tall + 1, share)
            if upright:
                exact &= _exact(at, places[level][:, 4:], LEVEL[2] * tall + 1, share)
            if exact.mean() >= share and exact.sum() > PEERS:
                answer |= {(of[k].row, of[k].column) for k in np.flatnonzero(level)[exact | upright]}
    return answer


def _exact(at: NDArray[np.integer], places: NDArray[np.floating], near: float, share: float) -> NDArray[np.bool_]:
    """Which of n things at the rows (or columns) `at` are within `near` pixels of a straight line, by that of the k
    measures `places` (n, k) by which most are; share: of them, that shows where the line is."""
    answers = []
    for measure in places.T:
        close, off = np.ones(len(at), bool), np.zeros(len(at))
        for _ in range(1 if share == 1 else 4):
            off = np.abs(measure - np.polyval(np.polyfit(at[close], measure[close], 1), at))
            close = off <= np.sort(off)[int(np.ceil(share * len(off))) - 1]
        answers.append(off < near)
    return max(answers, key=np.count_nonzero)


def _place(rows: Sequence[Separator], columns: Sequence[Separator], cell: Inside) -> tuple[float, ...]:
    """Of what stands in a cell: its height; how far its foot is from the line below, where there is one, its middle
    from that between two lines, and its foot from the upper edge; its left end, middle and right end from the line on
    the left, where there is one."""
    top, left, bottom, right = box_around(cell.blobs)
    middle, above, below, beside = (left + right) / 2, rows[cell.row], rows[cell.row + 1], columns[cell.column]
    line = float(below.at(middle)) if below.rule else 0.0
    between = (float(above.at(middle)) + line) / 2 if below.rule and above.rule else 0.0
    aside = float(beside.at(bottom)) if beside.rule else 0.0
    return (float(bottom - top), bottom - line, (top + bottom) / 2 - between, float(bottom), left - aside,
            middle - aside, right - aside)
