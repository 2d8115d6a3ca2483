"""Damaged copies of bytes: flipped bits, extreme numbers, and parts deleted, duplicated, replaced or appended."""

import struct
import zlib

import numpy as np

EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\1\0\0\0", b"\0\1\0\0")


def mutated(data: bytes, rng: np.random.Generator, other: bytes = b"", most: int = 4) -> bytes:
    """A copy of `data` with one to `most` damages; parts may be replaced by parts of `other`."""
    raw = bytearray(data)
    for _ in range(rng.integers(1, most + 1)):
        DAMAGES[rng.integers(len(DAMAGES))](raw, rng, other)
    return bytes(raw)


def flip_bit(raw: bytearray, rng: np.random.Generator, other: bytes) -> None:
    if raw:
        raw[_place(raw, rng)] ^= 1 << rng.integers(8)


def set_number(raw: bytearray, rng: np.random.Generator, other: bytes) -> None:
    at, extreme = _place(raw, rng), EXTREMES[rng.integers(len(EXTREMES))]
    width = int(rng.integers(1, 5))
    raw[at : at + width] = extreme[-width:]


def delete(raw: bytearray, rng: np.random.Generator, other: bytes) -> None:
    at = _place(raw, rng)
    del raw[at : at + int(rng.integers(1, 40))]


def duplicate(raw: bytearray, rng: np.random.Generator, other: bytes) -> None:
    at = _place(raw, rng)
    raw[at:at] = raw[at : at + int(rng.integers(1, 200))]


def truncate(raw: bytearray, rng: np.random.Generator, other: bytes) -> None:
    del raw[len(raw) - int(rng.integers(1, 1 + max(1, len(raw) // 4))) :]


def replace(raw: bytearray, rng: np.random.Generator, other: bytes) -> None:
    at, start = _place(raw, rng), _place(other, rng)
    part = other[start : start + int(rng.integers(1, 100))]
    raw[at : at + len(part)] = part


def append(raw: bytearray, rng: np.random.Generator, other: bytes) -> None:
    raw += rng.bytes(int(rng.integers(1, 200)))


def _place(raw: bytes | bytearray, rng: np.random.Generator) -> int:
    """A random position; half of the time within the first 64 bytes, where headers are."""
    return int(rng.integers(min(64, len(raw)) if rng.random() < 0.5 else len(raw))) if raw else 0


DAMAGES = (flip_bit, flip_bit, set_number, delete, duplicate, truncate, replace, append)


def with_checksums(png: bytes) -> bytes:
    """A PNG with recomputed chunk checksums, as far as the chunks can be parsed."""
    raw, at = bytearray(png), 8
    while at + 12 <= len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        end = at + 8 + length
        if end + 4 > len(raw):
            break
        struct.pack_into(">I", raw, end, zlib.crc32(raw[at + 4 : end]))
        at = end + 4
    return bytes(raw)
