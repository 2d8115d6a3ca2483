"""Pictures in arrays: IDX, NPY and NPZ files, of which a worker reads the rows it needs and no more."""

import io
import zipfile

import numpy as np

IDX_UBYTE = 0x08


class NoPicturesError(ValueError):
    """A file of arrays holds none of pictures."""


def array_header(file, path):
    """[(member, shape)] of the arrays of pictures in an open file: of NPZ all that have three dimensions or four.

    Raises NoPicturesError for what holds none, ValueError for what cannot be read.
    """
    if path.lower().endswith(".npz"):
        names = [name for name in zipfile.ZipFile(file).namelist() if name.endswith(".npy")]
        found = []
        for name in names:
            with zipfile.ZipFile(file).open(name) as member:
                found.append((name.removesuffix(".npy"), header(member)[0]))
        found = [(name, shape) for name, shape in found if len(shape) in (3, 4)]
    else:
        found = [("", header(file)[0])]
    if not found or any(len(shape) not in (3, 4) for _, shape in found):
        raise NoPicturesError("it holds no array (N, H, W) or (N, H, W, 3) of pictures")
    return found


def header(file):
    """(shape, dtype, bytes of the header) of an NPY or IDX file opened at its beginning, which is read past."""
    start = file.read(6)
    if start == b"\x93NUMPY":
        again = io.BytesIO(start + (version := file.read(2)) + file.read(4 if version[0] > 1 else 2))
        size = int.from_bytes(again.getvalue()[8:], "little")
        again = io.BytesIO(again.getvalue() + file.read(size))
        np.lib.format.read_magic(again)
        read = np.lib.format.read_array_header_2_0 if version[0] > 1 else np.lib.format.read_array_header_1_0
        shape, columns_first, dtype = read(again)
        if columns_first or dtype.kind not in "buif":
            raise ValueError(f"its array is of type {dtype}{', by columns' if columns_first else ''}; give numbers, "
                             "row by row")
        return shape, dtype, again.tell()
    if start[:2] != b"\0\0" or start[2] != IDX_UBYTE or not 1 <= start[3] <= 4:
        raise ValueError("it is no NPY file, nor an IDX file of unsigned bytes")
    sizes = start[4:] + file.read(4 * start[3] - 2)
    return tuple(np.frombuffer(sizes, ">u4").tolist()), np.dtype(np.uint8), 4 + 4 * start[3]


def rows(file, path, member, start, stop):
    """Rows start..stop of an array in an open file. A packed file is unpacked up to there, piece by piece."""
    if path.lower().endswith(".npz"):
        with zipfile.ZipFile(file) as archive, archive.open(f"{member}.npy") as inner:
            return _rows(inner, start, stop)
    return _rows(file, start, stop)


def _rows(file, start, stop):
    shape, dtype, offset = header(file)
    each = int(np.prod(shape[1:])) * dtype.itemsize
    file.seek(offset + start * each)
    data = file.read((stop - start) * each)
    if len(data) != (stop - start) * each:
        raise ValueError("it is cut short")
    return np.frombuffer(data, dtype).reshape(stop - start, *shape[1:])
