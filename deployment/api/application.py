"""The FastAPI application: POST /read, /number and /table, GET /health, /docs and /openapi.json."""

import asyncio
import hmac
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from deployment.api.page import page
from deployment.api.upload import RefusedError, Upload, receive
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.malloc import trim
from deployment.reader.number.values import Dates
from deployment.reader.picture.limits import MOST_BYTES
from deployment.reader.picture.opening import InputError, page_count, page_of, start

log = logging.getLogger(__name__)
READINGS = max(1, min(4, os.cpu_count() or 1))  # at once; a large picture takes up to 300 MB, a table up to 400
UPLOADS = READINGS + 4  # in memory at once; the others wait before their bodies are received
DESCRIPTION = """Reads pictures of handwritten digits, numbers and tables, and states how sure it is. A box is (top,
left, bottom, right) in pixels of the picture. Of a file of several pages the first is read."""
PICTURE = {"type": "string", "format": "binary"}


class Nothing(BaseModel):
    """No options."""

    model_config = ConfigDict(extra="forbid")


class NumberOptions(Nothing):
    signs: bool = Field(True, description="Read signs such as + and %, too; false for digits alone.")
    dates: Dates = Field("dmy", description="Whether the day or the month comes first.")


class TableOptions(Nothing):
    page: int = Field(1, ge=1, le=100_000, description="Of a PDF or TIFF, counted from 1.")


Options = TypeVar("Options", bound=Nothing)
WRONG = {"signs": "“signs” is either true or false.", "dates": "“dates” is either dmy or mdy.",
         "page": "“page” is the number of a page, counted from 1."}


def application(deployer: MNISTDeployer, token: str = "", most: int = MOST_BYTES) -> FastAPI:
    """The application that reads with a model.

    token: what each request for a reading must carry, empty for none; most: bytes of an upload.
    """
    readings = ThreadPoolExecutor(READINGS, thread_name_prefix="reading")
    uploads = asyncio.Semaphore(UPLOADS)
    bearer = HTTPBearer(auto_error=False, description="The token of the server, where it has one.")

    def allow(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> None:
        if token and not hmac.compare_digest((given.credentials if given else "").encode(), token.encode()):
            raise RefusedError(401, "The token is missing or wrong: send the header “Authorization: Bearer TOKEN”.")

    async def answer(request: Request, options: Options, read: Callable[[Upload, Options], Any]) -> JSONResponse:
        async with uploads:
            upload = await receive(request, most)
            options = with_fields(options, upload.fields)
            return await asyncio.get_running_loop().run_in_executor(readings, _read, read, upload, options)

    app = FastAPI(title="Qualm", description=DESCRIPTION, docs_url=None, redoc_url=None, redirect_slashes=False)
    for kind, respond in HANDLERS.items():
        app.add_exception_handler(kind, respond)

    @app.post("/read", **_described(Nothing))
    async def read(request: Request, options: Annotated[Nothing, Query()], _: None = Depends(allow)) -> JSONResponse:
        """Read one digit: `to_dict()` of a Prediction."""
        return await answer(request, options, lambda upload, _: deployer.predict(upload.data, upload.name))

    @app.post("/number", **_described(NumberOptions))
    async def number(request: Request, options: Annotated[NumberOptions, Query()],
                     _: None = Depends(allow)) -> JSONResponse:
        """Read whole numbers, on one or several lines: `to_dict()` of a NumberReading."""
        return await answer(request, options, lambda upload, options: deployer.read_number(
            upload.data, upload.name, signs=options.signs, dates=options.dates))

    @app.post("/table", **_described(TableOptions))
    async def table(request: Request, options: Annotated[TableOptions, Query()],
                    _: None = Depends(allow)) -> JSONResponse:
        """Read a table of numbers: `to_dict()` of a TableReading."""
        return await answer(request, options, lambda upload, options: deployer.read_table(
            _page(upload, options.page), upload.name))

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the server answers, and the SHA-256 of its model."""
        return {"status": "ok", "model": deployer.sha256}

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(app.openapi()), headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})

    return app


def _page(upload: Upload, number: int) -> Any:
    """One page of a file, counted from 1, as `read_table` takes it. Raises InputError."""
    if number == 1:
        return upload.data
    if number > page_count(upload.data, upload.name):
        raise InputError(f"{start(upload.name)} has no page {number}.")
    return page_of(upload.data, number - 1, upload.name)


def _read(read: Callable[[Upload, Any], Any], upload: Upload, options: Nothing) -> JSONResponse:
    """The answer to a picture, in a thread of the pool."""
    try:
        return JSONResponse(read(upload, options).to_dict())
    except InputError as error:
        return error_response(400, str(error))
    except MemoryError:
        return error_response(413, f"{start(upload.name)} is too large for this machine's memory: make it smaller.")
    except Exception:
        log.exception("a picture could not be read")
        return error_response(500, f"{start(upload.name)} could not be read because of a fault of this server, which "
                              "its log describes: save the picture again as PNG or JPEG.")
    finally:
        trim()  # takes a millisecond; a small file can have many pixels


def with_fields(options: Options, fields: dict[str, str]) -> Options:
    """The options of the address with those of the form. Raises RefusedError."""
    try:
        return type(options).model_validate(options.model_dump(exclude_unset=True) | fields) if fields else options
    except ValidationError as error:
        raise RefusedError(400, option_fault(error.errors()[0])) from None


def option_fault(fault: Any) -> str:
    """The sentence for an option that pydantic refuses."""
    name = str(fault["loc"][-1])[:40]
    return f"There is no option “{name}” here; /docs lists them." if fault["type"] == "extra_forbidden" else WRONG[name]


def error_response(status: int, sentence: str) -> JSONResponse:
    """The sentence as JSON."""
    return JSONResponse({"error": sentence}, status, {"WWW-Authenticate": "Bearer"} if status == 401 else None)


def _refused(_: Request, error: Any) -> JSONResponse:
    return error_response(error.status, error.sentence)


def _invalid(_: Request, error: Any) -> JSONResponse:
    return error_response(400, option_fault(error.errors()[0]))


def _not_here(request: Request, error: Any) -> JSONResponse:
    sentence = f"Nothing answers {request.method[:20]} here: send a picture by POST to /read, /number or /table."
    return error_response(error.status_code, sentence)


HANDLERS = {RefusedError: _refused, RequestValidationError: _invalid, HTTPException: _not_here}


def _described(options: type[Nothing]) -> dict[str, Any]:
    """What the schema says of a request's body and of the answers that are not readings."""
    form = {"type": "object", "required": ["file"],
            "properties": {"file": PICTURE} | options.model_json_schema().get("properties", {})}
    error = {"content": {"application/json": {"schema": {
        "type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}}}}
    said = {400: "The request or the picture cannot be read", 401: "The token is missing or wrong",
            408: "The upload took too long", 413: "The upload is too large", 415: "The body is of another type"}
    body = {"required": True, "content": {"multipart/form-data": {"schema": form}, "image/*": {"schema": PICTURE},
                                          "application/pdf": {"schema": PICTURE}}}
    return {"openapi_extra": {"requestBody": body},
            "responses": {status: error | {"description": words} for status, words in said.items()}}
