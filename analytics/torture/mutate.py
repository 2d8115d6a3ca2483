"""Damaged copies of bytes: bits turned, numbers made extreme, pieces lost, doubled, exchanged or added."""

import struct
import zlib

EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\1\0\0\0", b"\0\1\0\0")


def mutated(data, rng, other=b"", most=4):
    """A copy of some bytes with one to `most` faults; `other` lends pieces."""
    raw = bytearray(data)
    for _ in range(rng.integers(1, most + 1)):
        rng.choice(FAULTS)(raw, rng, other)
    return bytes(raw)


def turn_bit(raw, rng, other):
    if raw:
        raw[_place(raw, rng)] ^= 1 << rng.integers(8)


def set_number(raw, rng, other):
    at, extreme = _place(raw, rng), EXTREMES[rng.integers(len(EXTREMES))]
    width = int(rng.integers(1, 5))
    raw[at : at + width] = extreme[-width:]


def lose(raw, rng, other):
    at = _place(raw, rng)
    del raw[at : at + int(rng.integers(1, 40))]


def double(raw, rng, other):
    at = _place(raw, rng)
    raw[at:at] = raw[at : at + int(rng.integers(1, 200))]


def cut(raw, rng, other):
    del raw[len(raw) - int(rng.integers(1, 1 + max(1, len(raw) // 4))) :]


def exchange(raw, rng, other):
    at, start = _place(raw, rng), _place(other, rng)
    piece = other[start : start + int(rng.integers(1, 100))]
    raw[at : at + len(piece)] = piece


def add(raw, rng, other):
    raw += rng.bytes(int(rng.integers(1, 200)))


def _place(raw, rng):
    """Anywhere, but as often in the first 64 bytes, where headers are."""
    return int(rng.integers(min(64, len(raw)) if rng.random() < 0.5 else len(raw))) if raw else 0


FAULTS = (turn_bit, turn_bit, set_number, lose, double, cut, exchange, add)


def with_checksums(png):
    """A PNG whose chunks, as far as they can be followed, have the checksums of what they hold now."""
    raw, at = bytearray(png), 8
    while at + 12 <= len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        end = at + 8 + length
        if end + 4 > len(raw):
            break
        struct.pack_into(">I", raw, end, zlib.crc32(raw[at + 4 : end]))
        at = end + 4
    return bytes(raw)
