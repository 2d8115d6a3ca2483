"""Read the table of a picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.digits.pairs.signs import SIGNS
from core.digits.pairs.task import MORE, ONE
from deployment.reader.number.line import Line
from deployment.reader.number.page import NumberReader, Written, begun, divide, finished, may_be_digits
from deployment.reader.number.read import LineReading, number_reading, read_lines
from deployment.reader.number.score import TEXTS
from deployment.reader.number.sheet import usual_height
from deployment.reader.paper.apart import Box
from deployment.reader.picture.load import PictureSource, load_pixels
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import UNKNOWN, NumberReading
from deployment.reader.table.beside import dark_beside, light_taken
from deployment.reader.table.cells import LARGE, Inside, inside, tidied
from deployment.reader.table.confidence import DOUBTED, Doubts, doubts_of, probability, signals
from deployment.reader.table.crossed import is_unreadable
from deployment.reader.table.divide import may_be_two
from deployment.reader.table.grid import corners_of
from deployment.reader.table.prints import printed, row_numbers
from deployment.reader.table.reading import Cell, Kind, TableReading
from deployment.reader.table.sheet import Sheet, find_sheet

SIDE = 2000  # pixels: the long side of larger pictures is reduced to this
MOST_CELLS = 2000
AT_ONCE = 60  # blobs that are read in one batch
POSSIBLE, DOUBTFUL, PROBABLE = 0.1, 0.25, 0.5  # of the text of a number; where it holds what is no sign
FEW, LIKELY = 3, 0.5  # blobs of a cell; where there are as many, this share of them are digits if it is a number
VERY_LIKELY = 0.8  # the same if they may have to be cut into more than MOST_PARTS
DASH, THIN = 1.6, 0.45  # a dash is so many times wider than high, and lower than this share of the usual height
MOST_PARTS = 24  # primitives of a cell
MOST_BLOBS, MOST_LINES = 14, 2  # in a cell with a number: more is text
# Nats by which signs are likelier in the cells of a table than in other numbers
LIKELIER = np.array([2.5 if sign in ".," else -2.5 if sign in SIGNS else 0.0 for sign in TEXTS])
LOW, LOWER = 0.45, 4.0  # of the line's height, below the tops beside it: no digit begins there; nats less likely
LEAST_NUMBERS, NUMBERS = 3, 0.4  # of a table without lines: its numbers, and their share of what is written

Place = tuple[int, int]  # row and column of a cell
Read = tuple[NumberReading, Doubts]
Number = tuple[NumberReading, tuple[float, ...]]  # its confidence that of its cell; its signals


def read_table(deployer: NumberReader, source: PictureSource, name: str = "the picture") -> TableReading:
    """The TableReading of a picture; name as of MNISTDeployer.predict. Raises InputError if it shows no table."""
    pixels = load_pixels(source, name, SIDE)
    picture = pixels.whole
    sheet = find_sheet(picture)
    if sheet is None:
        raise InputError(f"No table was found in {name}: photograph a sheet with lines between its cells, or with at "
                         "least three rows and two columns that stand in line.")
    shape = len(sheet.rows) - 1, len(sheet.columns) - 1
    if shape[0] * shape[1] > MOST_CELLS:
        raise InputError(f"The table in {name} has {shape[0] * shape[1]:,} cells: give at most {MOST_CELLS:,}, in "
                         "parts.")
    kinds, numbers = _read_cells(deployer, sheet)
    corners = corners_of(sheet.rows, sheet.columns, sheet.seen.picture.shape)
    cells = [[_cell(sheet.seen.in_source(corners[[i, i, i + 1, i + 1], [j, j + 1, j + 1, j]]) * pixels.scale,
                    kinds.get((i, j), "empty"), numbers.get((i, j))) for j in range(shape[1])] for i in range(shape[0])]
    if not sheet.ruled and not _is_table(cells):
        raise InputError(f"No table was found in {name}: what is written there has no rows and columns of numbers.")
    height, width = picture.shape[:2]
    return TableReading(cells, (round(height * pixels.scale), round(width * pixels.scale)), sheet.ruled)


def _read_cells(deployer: NumberReader, sheet: Sheet) -> tuple[dict[Place, Kind], dict[Place, Number]]:
    """The Kinds of the cells in which something is written, and the numbers."""
    cells = inside(sheet.rows, sheet.columns, sheet.blobs)
    usual = usual_height([blob for cell in cells for blob in cell.blobs])
    kinds: dict[Place, Kind] = {}
    to_read, of_print = [], printed(deployer, sheet.rows, sheet.columns, cells, sheet.ink)
    for cell in cells:
        kind = "print" if (cell.row, cell.column) in of_print else _kind_before(cell, usual)
        if kind:
            kinds[cell.row, cell.column] = kind
        else:
            to_read.append(cell)
    readings = _tidier(deployer, sheet, _read_all(deployer, sheet, to_read), usual)
    kinds |= {(cell.row, cell.column): _kind(cell, read, usual) for cell, read in readings}
    numbers = [(cell, read) for cell, read in readings if read is not None and kinds[cell.row, cell.column] == "number"]
    counted = row_numbers([cell for cell, _ in numbers], [reading.text for _, (reading, _) in numbers])
    kinds |= {place: "print" for place in counted}
    numbers = [(cell, read) for cell, read in numbers if (cell.row, cell.column) not in counted]
    judged: dict[Place, Number] = {}
    rules = [line.rule for line in (*sheet.rows, *sheet.columns) if line.rule]
    taken = light_taken(sheet.seen.picture, usual, rules)
    for column in {cell.column for cell, _ in numbers}:
        of = [(cell, *read) for cell, read in numbers if cell.column == column]
        most = DOUBTED if not sheet.ruled and may_be_two(sheet.rows, sheet.columns[column : column + 2], [
            blob for cell, *_ in of for blob in cell.blobs], usual) else 1.0
        cells_of, texts, doubts = zip(*of, strict=True)
        seen = signals(texts, cells_of, doubts, [dark_beside(taken, cell.blobs, len(reading.text))
                                                 for cell, reading, _ in of])
        stated = np.minimum(probability(seen), most)
        judged |= {(cell.row, cell.column): (replace(reading, confidence=float(confidence)), tuple(one.tolist()))
                   for (cell, reading, _), one, confidence in zip(of, seen, stated, strict=True)}
    return kinds, judged | _headings(kinds, judged)


def _read_all(deployer: NumberReader, sheet: Sheet, cells: Sequence[Inside]) -> list[tuple[Inside, Read | None]]:
    """Cells, each with what is read in it."""
    return [one for part in _batches(cells) for one in zip(part, _read(deployer, sheet, part), strict=True)]


def _tidier(deployer: NumberReader, sheet: Sheet, readings: Sequence[tuple[Inside, Read | None]],
            usual: float) -> list[tuple[Inside, Read | None]]:
    """Readings, and in the place of doubtful ones those of the same cells without remains of lines and specks, if these
    are likely numbers and likelier."""
    answer = list(readings)
    doubtful = {i: tidy for i, (cell, read) in enumerate(readings)
                if (read is None or read[0].confidence < PROBABLE or len(cell.lines) > 1)
                and (tidy := tidied(cell, sheet.rows, sheet.columns, usual))}
    for i, (cell, read) in zip(doubtful, _read_all(deployer, sheet, [*doubtful.values()]), strict=True):
        before = answer[i][1]
        if read and _kind(cell, read, usual) == "number" and read[0].confidence > max(
                PROBABLE, before[0].confidence if before else 0):
            answer[i] = cell, read
    return answer


def _headings(kinds: Mapping[Place, Kind], numbers: Mapping[Place, Number]) -> dict[Place, Number]:
    """The numbers of the first row with writing that consist of ones, less sure: I, II and III are headings too."""
    top = min((row for row, _ in kinds), default=0)
    return {place: (replace(reading, confidence=min(reading.confidence, DOUBTED)), seen)
            for place, (reading, seen) in numbers.items() if place[0] == top and set(reading.text) == {"1"}}


def _is_table(cells: Sequence[Sequence[Cell]]) -> bool:
    """Whether cells without lines are a table: enough of what is written are numbers."""
    filled = [cell for row in cells for cell in row if cell.kind != "empty"]
    return sum(cell.kind == "number" for cell in filled) >= max(LEAST_NUMBERS, NUMBERS * len(filled))


def _kind_before(cell: Inside, usual: float) -> Kind | None:
    """The Kind of what is surely no number; None where it has to be read."""
    marks = cell.blobs
    if len(marks) == 1 and marks[0].width > DASH * marks[0].height and marks[0].height < THIN * usual:
        return "dash"
    if len(marks) > MOST_BLOBS or len(cell.lines) > MOST_LINES:
        return "text"
    return None


def _batches(cells: Sequence[Inside]) -> Iterator[list[Inside]]:
    """Lists of cells with about AT_ONCE blobs each."""
    part, count = [], 0
    for cell in cells:
        part.append(cell)
        count += len(cell.blobs)
        if count >= AT_ONCE:
            yield part
            part, count = [], 0
    if part:
        yield part


def _read(deployer: NumberReader, sheet: Sheet, cells: Sequence[Inside]) -> list[Read | None]:
    """The NumberReading of each cell, and the Doubts about it; None where nothing is a digit, or too little of it to go
    on."""
    work = iter(begun(deployer, sheet.ink, sheet.mask, [line for cell in cells for line in cell.lines]))
    lines = [[next(work) for _ in cell.lines] for cell in cells]
    digits = [np.concatenate([may_be_digits(line) for line in of]) for of in lines]
    likely = [len(seen) < FEW or seen.mean() >= LIKELY for seen in digits]
    chosen = [line for of, one in zip(lines, likely, strict=True) if one for line in of]
    if chosen:
        divide(chosen)
    likely = [one and (sum(len(line.primitives) for line in of) <= MOST_PARTS or seen.mean() >= VERY_LIKELY)
              for of, one, seen in zip(lines, likely, digits, strict=True)]
    chosen = [line for of, one in zip(lines, likely, strict=True) if one for line in of]
    if not chosen or not finished(deployer, sheet.ink, sheet.mask, chosen):
        return [None] * len(cells)
    for line in chosen:
        _no_low_digits(line)
    read = iter(read_lines(deployer, Written(sheet.ink, sheet.mask, chosen, []), 1.0, likelier=LIKELIER))
    texts: list[list[LineReading]] = [[next(read) for _ in of] if one else []
                                      for of, one in zip(lines, likely, strict=True)]
    written = [i for i, of in enumerate(texts) if any(line.places for line in of)]
    doubts = doubts_of(deployer, [[(text.text, line) for text, line in zip(texts[i], lines[i], strict=True)]
                                  for i in written])
    answers: list[Read | None] = [None] * len(cells)
    for i, doubt in zip(written, doubts, strict=True):
        answers[i] = number_reading(texts[i], np.zeros((1, 1), np.uint8), 1.0), doubt
    return answers


def _no_low_digits(line: Line) -> None:
    """Make digits less likely that begin in the lower half of a Line: a long comma looks like a 1."""
    tall = [one for one in line.primitives if one.height > LARGE * line.height]
    for i, segment in enumerate(line.segments):
        parts = line.primitives[segment.first : segment.last]
        tops = [one.top for one in tall if one not in parts]
        if tops and segment.box[0] > np.median(tops) + LOW * line.height:
            line.evidence.digits[i] -= LOWER
            line.evidence.pairs[i, ONE:MORE] -= LOWER


def _kind(cell: Inside, read: Read | None, usual: float) -> Kind:
    """The Kind of a cell that was read."""
    reading = read[0] if read else None
    if (reading is None or reading.confidence < DOUBTFUL) and is_unreadable(cell.blobs, usual):
        return "unreadable"
    if reading is None:
        return "text"
    digits, unknown = sum(sign.isdigit() for sign in reading.text), reading.text.count(UNKNOWN)
    least = PROBABLE if unknown else POSSIBLE
    return "number" if digits > unknown and reading.confidence >= least else "text"


def _cell(corners: NDArray[np.floating], kind: Kind, number: Number | None) -> Cell:
    """The Cell with these corners (4, 2), x and y, in pixels of the source."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    box: Box = (round(float(top)), round(float(left)), round(float(bottom)), round(float(right)))
    reading, seen = number or (None, ())
    return Cell(kind, box, tuple((float(x), float(y)) for x, y in corners), reading,
                reading.confidence if reading is not None else 0.0, signals=seen)
