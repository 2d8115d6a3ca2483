"""The picture and the options of a request, received within limits of size and time; nothing is written to disk."""

import asyncio
from collections.abc import AsyncGenerator
from typing import NamedTuple

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from deployment.reader.picture.archive import shown

MOST_SECONDS = 60.0  # of an upload, since a slow one keeps its place among the few that are received at once
MOST_AROUND = 16 * 2**10  # bytes of a form beside its picture
MOST_FIELDS = 8
TYPES = "an image (image/png, image/jpeg and others) or application/pdf"


class RefusedError(Exception):
    """A request that is not answered; sentence: with the remedy."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Upload(NamedTuple):
    data: bytes
    name: str  # how sentences call it
    fields: dict[str, str]  # of the form, beside the picture


async def receive(request: Request, most: int) -> Upload:
    """The picture of a request of at most `most` bytes. Raises RefusedError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        async with asyncio.timeout(MOST_SECONDS):
            if kind == "multipart/form-data":
                return await _form(request, most)
            if kind.startswith("image/") or kind == "application/pdf":
                return Upload(b"".join([chunk async for chunk in _limited(request, most, 0)]), "the picture", {})
    except TimeoutError:
        raise RefusedError(408, f"The picture did not arrive within {MOST_SECONDS:.0f} seconds: send it again."
                           ) from None
    except ClientDisconnect:
        raise RefusedError(400, "The connection ended before the whole picture arrived: send it again.") from None
    if kind in ("", "application/x-www-form-urlencoded"):
        raise _without_picture()
    raise RefusedError(415, f"A body of the type {kind[:60]!r} is not read: send a form (multipart/form-data) with the "
                       f"picture in the field “file”, or {TYPES} as the body.")


def _without_picture() -> RefusedError:
    return RefusedError(400, "There is no picture in the request: send it in the field “file” of a form "
                        f"(multipart/form-data), or {TYPES} as the body.")


def _too_large(most: int) -> RefusedError:
    return RefusedError(413, f"The picture is too large: give at most {most / 2**20:.3g} MB.")


async def _limited(request: Request, most: int, around: int) -> AsyncGenerator[bytes, None]:
    """The body, chunk by chunk. Raises RefusedError as soon as it is known to have more than most + around bytes."""
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isascii() and declared.isdigit() else 0
    received = 0
    if size <= most + around:
        async for chunk in request.stream():
            received += len(chunk)
            if received > most + around:
                break
            yield chunk
    if max(size, received) > most + around:
        raise _too_large(most)


async def _form(request: Request, most: int) -> Upload:
    parser = MultiPartParser(request.headers, _limited(request, most, MOST_AROUND), max_files=1,
                             max_fields=MOST_FIELDS, max_part_size=MOST_AROUND)
    parser.spool_max_size = most + MOST_AROUND + 1  # never on disk
    try:
        form = await parser.parse()
    except (MultiPartException, FormParserError, LookupError, ValueError):
        raise RefusedError(400, "The form cannot be read: send multipart/form-data with one picture in the field "
                           "“file”, as curl -F file=@photo.jpg does.") from None
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise _without_picture()
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        data = await file.read()
    finally:
        await form.close()
    if len(data) > most:
        raise _too_large(most)
    return Upload(data, f"“{shown(file.filename)}”" if file.filename else "the picture", fields)
