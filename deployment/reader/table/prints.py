"""Tell printed matter from handwriting: all printed digits of a kind are alike, and stand in line."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployment.reader.number.page import NumberReader
from deployment.reader.number.sheet import Blob, usual_height
from deployment.reader.paper.frame import frame
from deployment.reader.paper.opencv import cv2
from deployment.reader.table.cells import Inside
from deployment.reader.table.separators import Separator

SMALL, LARGE = 0.4, 2.5  # of the usual height: signs and smudges show nothing
NARROW = 0.35  # of its height: one stroke is like another
SIZE = (24, 16)  # rows and columns to which blobs are brought for a comparison
ALIKE = 0.85  # correlation of two printed blobs
MOST_ALIKE = 0.5  # of the blobs of its size that read as the same digit are alike where they are printed
LEAST_OTHERS = 3  # such blobs; fewer may be alike by chance
HEIGHT, WIDTH = 0.07, 0.08  # by which such blobs may differ, of their height
LEVEL = (0.08, 0.12, 0.15)  # by which printed numbers of a column differ at most: height, place across, base line
PEERS, IN_LINE = 4, 0.6  # other cells of a column, and the share of them that are in line with a printed one
MOST_SIGNS = 4  # in such a cell


def printed(deployer: NumberReader, rows: Sequence[Separator], columns: Sequence[Separator], cells: Sequence[Inside],
            ink: NDArray[np.floating]) -> set[tuple[int, int]]:
    """Rows and columns of the cells that hold print; ink (H, W): of the picture."""
    usual = usual_height([blob for cell in cells for blob in cell.blobs])
    marks = [(i, blob) for i, cell in enumerate(cells) for blob in cell.blobs
             if SMALL * usual < blob.height < LARGE * usual and blob.width > NARROW * blob.height]
    found, alike = set(), _alike(deployer, marks, ink)
    for i, cell in enumerate(cells):
        shares = [share for (of, _), share in zip(marks, alike, strict=True) if of == i]
        if shares and np.mean(shares) >= MOST_ALIKE:
            found.add((cell.row, cell.column))
    return found | _in_line(rows, columns, cells, usual)


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
    """The cells of a column whose digits have one height, one place and one base line, as row numbers have."""
    found = set()
    for column in {cell.column for cell in cells}:
        places = {(cell.row, column): np.array(_place(rows, columns, cell)) for cell in cells
                  if cell.column == column and len(cell.lines) == 1 and len(cell.blobs) <= MOST_SIGNS
                  and any(blob.height > SMALL * usual for blob in cell.blobs)}
        for cell, (height, *rest) in places.items():
            others = np.array([one for other, one in places.items() if other != cell])
            if len(others) >= PEERS:
                near = np.abs(others - [height, *rest]) < np.array(LEVEL) * height + 1
                if near.all(axis=1).mean() >= IN_LINE:
                    found.add(cell)
    return found


def _place(rows: Sequence[Separator], columns: Sequence[Separator], cell: Inside) -> tuple[float, float, float]:
    """The height of what stands in a cell, its middle from the left line, and its foot above the lower line."""
    top, left = min(blob.top for blob in cell.blobs), min(blob.left for blob in cell.blobs)
    bottom, right = max(blob.bottom for blob in cell.blobs), max(blob.right for blob in cell.blobs)
    middle = (left + right) / 2
    return (float(bottom - top), middle - float(columns[cell.column].at(bottom)),
            float(rows[cell.row + 1].at(middle)) - bottom)
