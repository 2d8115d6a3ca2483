"""Pictures in IDX, NPY and NPZ files. A worker reads only the rows it needs."""

import io
import zipfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

IDX_UBYTE = 0x08  # type code of unsigned bytes in the IDX header


class NoPicturesError(ValueError):
    """An array file contains no array of pictures."""


def array_header(file: IO[bytes], path: str) -> list[tuple[str, tuple[int, ...]]]:
    """[(member, shape)] of the picture arrays in an open file; of an NPZ file, its arrays of 3 or 4 dimensions.

    Raises NoPicturesError when there are none, ValueError when the file cannot be read.
    """
    if path.lower().endswith(".npz"):
        names = [name for name in zipfile.ZipFile(file).namelist() if name.endswith(".npy")]
        shapes = []
        for name in names:
            with zipfile.ZipFile(file).open(name) as member:
                shapes.append((name.removesuffix(".npy"), header(member)[0]))
        shapes = [(name, shape) for name, shape in shapes if len(shape) in (3, 4)]
    else:
        shapes = [("", header(file)[0])]
    if not shapes or any(len(shape) not in (3, 4) for _, shape in shapes):
        raise NoPicturesError("it holds no array (N, H, W) or (N, H, W, 3) of pictures")
    return shapes


def header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype, int]:
    """(shape, dtype, header size in bytes) of an NPY or IDX file; leaves the file just after its header."""
    start = file.read(6)
    if start == b"\x93NUMPY":
        again = io.BytesIO(start + (version := file.read(2)) + file.read(4 if version[0] > 1 else 2))
        size = int.from_bytes(again.getvalue()[8:], "little")
        again = io.BytesIO(again.getvalue() + file.read(size))
        np.lib.format.read_magic(again)
        read = np.lib.format.read_array_header_2_0 if version[0] > 1 else np.lib.format.read_array_header_1_0
        shape, columns_first, dtype = read(again)
        if columns_first or dtype.kind not in "buif":
            raise ValueError(f"its array has dtype {dtype}{', column-major' if columns_first else ''}; give numbers, "
                             "row-major")
        return shape, dtype, again.tell()
    if start[:2] != b"\0\0" or start[2] != IDX_UBYTE or not 1 <= start[3] <= 4:
        raise ValueError("it is neither an NPY file nor an IDX file of unsigned bytes")
    sizes = start[4:] + file.read(4 * start[3] - 2)
    return tuple(np.frombuffer(sizes, ">u4").tolist()), np.dtype(np.uint8), 4 + 4 * start[3]


def rows(file: IO[bytes], path: str, member: str, start: int, stop: int) -> NDArray:
    """Rows start..stop of an array in an open file. A compressed file is decompressed in chunks up to `stop`."""
    if path.lower().endswith(".npz"):
        with zipfile.ZipFile(file) as archive, archive.open(f"{member}.npy") as inner:
            return _rows(inner, start, stop)
    return _rows(file, start, stop)


def _rows(file: IO[bytes], start: int, stop: int) -> NDArray:
    shape, dtype, offset = header(file)
    row_bytes = int(np.prod(shape[1:])) * dtype.itemsize
    file.seek(offset + start * row_bytes)
    data = file.read((stop - start) * row_bytes)
    if len(data) != (stop - start) * row_bytes:
        raise ValueError("it is cut short")
    return np.frombuffer(data, dtype).reshape(stop - start, *shape[1:])
