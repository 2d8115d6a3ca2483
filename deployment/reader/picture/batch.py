"""Many pictures, one after another, in parts that limit the memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from deployment.reader.picture.load import PictureSource, Pixels
from deployment.reader.picture.opening import InputError

MOST_AT_ONCE = 8_000_000  # pixels of pictures that are read together

T = TypeVar("T")


def each(read: Callable[[PictureSource, str], T], sources: Iterable[PictureSource], names: Sequence[str] | None,
         skip_errors: bool) -> Iterator[T | InputError]:
    """What `read` returns for each picture and its name; with skip_errors, an InputError that it raises instead."""
    for i, source in enumerate(sources):
        try:
            answer = read(source, names[i] if names is not None else f"picture {i}")
        except InputError as error:
            if not skip_errors:
                raise
            answer = error
        yield answer


def in_parts(loaded: Iterable[tuple[Pixels, str] | InputError]) -> Iterator[list[tuple[Pixels, str] | InputError]]:
    """Lists of pictures that together take little more than MOST_AT_ONCE pixels, to limit memory."""
    part, pixels = [], 0
    for one in loaded:
        part.append(one)
        pixels += 0 if isinstance(one, InputError) else one[0].grey.size
        if pixels > MOST_AT_ONCE:
            yield part
            part, pixels = [], 0
    if part:
        yield part
