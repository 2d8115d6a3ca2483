"""The server for programs, run by uvicorn and asked over HTTP: readings, sentences, many at once, damaged pictures."""

import io
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import numpy as np
import pytest
import uvicorn
from app import EXAMPLES
from PIL import Image, ImageDraw, ImageOps

from analytics.torture.mutate import mutated, with_checksums
from analytics.torture.pictures import files
from deployment.api import upload
from deployment.api.application import UPLOADS, application
from deployment.deploy_mnist import MNISTDeployer

SEVEN, YEAR = ((EXAMPLES / f"{name}.png").read_bytes() for name in ("seven", "year"))
TOKEN, MOST = "a-token-of-the-tests", 2**20


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


@pytest.fixture(scope="module")
def client(deployer):
    """A client with the token, of a server that takes 1 MB."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    server = uvicorn.Server(uvicorn.Config(application(deployer, TOKEN, MOST), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=partial(server.run, sockets=[listener]))
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=120, trust_env=False,
                      headers={"Authorization": f"Bearer {TOKEN}"}, limits=httpx.Limits(max_connections=200)) as client:
        yield client
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def as_json(reading):
    return json.loads(json.dumps(reading.to_dict()))


def error_of(answer, status):
    """The sentence of a refusal."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    sentence = answer.json()["error"]
    assert sentence.endswith(".") and "\n" not in sentence and "Traceback" not in sentence
    return sentence


def pdf():
    out = io.BytesIO()
    Image.open(EXAMPLES / "year.png").convert("RGB").save(out, "PDF")
    return out.getvalue()


def table():
    """A PNG of two rows and two columns with sevens."""
    sheet = Image.new("L", (260, 260), 255)
    draw, seven = ImageDraw.Draw(sheet), Image.open(EXAMPLES / "seven.png").convert("L").resize((56, 56))
    for at in (20, 130, 240):
        draw.line((20, at, 240, at), 0, 3)
        draw.line((at, 20, at, 240), 0, 3)
    dark = seven if np.asarray(seven).mean() > 127 else ImageOps.invert(seven)
    for x, y in ((47, 47), (157, 47), (47, 157), (157, 157)):
        sheet.paste(dark, (x, y))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def test_the_three_readings_are_those_of_the_reader(client, deployer):
    sheet = table()
    assert client.post("/read", files={"file": ("a.png", SEVEN)}).json() == as_json(deployer.predict(SEVEN))
    expected = as_json(deployer.read_table(sheet))
    assert len(expected["rows"]) == 2
    assert client.post("/table", files={"file": sheet}).json() == expected
    numbers = as_json(deployer.read_number(YEAR, signs=False, dates="mdy"))
    for given in ({"files": {"file": YEAR}, "params": {"signs": "false"}, "data": {"dates": "mdy"}},
                  {"content": YEAR, "headers": {"Content-Type": "image/png"},
                   "params": {"signs": "false", "dates": "mdy"}}):
        assert client.post("/number", **given).json() == numbers


@pytest.mark.parametrize("status, words, given", [
    (400, "no picture in the request", {}),
    (400, "no picture in the request", {"data": {"file": "words"}}),
    (400, "no picture in the request", {"files": {"picture": SEVEN}}),
    (400, "form cannot be read", {"files": [("file", SEVEN), ("file", SEVEN)]}),
    (400, "form cannot be read", {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}),
    (400, "form cannot be read", {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}),
    (400, "“a.png” is an empty file: choose another one.", {"files": {"file": ("a.png", b"")}}),
    (400, "The picture is an empty file", {"content": b"", "headers": {"Content-Type": "image/png"}}),
    (400, "“a.txt” is not a picture that can be read", {"files": {"file": ("../a.txt", b"no picture")}}),
    (400, "is a damaged PDF: save it again.", {"files": {"file": ("a.pdf", b"%PDF-1.7 no more")}}),
    (400, "There is no option “page” here", {"files": {"file": SEVEN}, "params": {"page": 2}}),
    (400, "There is no option “colour” here", {"files": {"file": SEVEN}, "data": {"colour": "red"}}),
    (401, "Authorization: Bearer", {"files": {"file": SEVEN}, "headers": {"Authorization": "Bearer another"}}),
    (401, "Authorization: Bearer", {"files": {"file": SEVEN}, "headers": {"Authorization": "Bearer \xe9".encode()}}),
    (401, "Authorization: Bearer", {"files": {"file": SEVEN}, "headers": {"Authorization": "Basic dTpw"}}),
    (413, "too large: give at most 1 MB.", {"files": {"file": bytes(MOST + 1)}}),
    (413, "too large: give at most 1 MB.", {"files": {"file": bytes(2 * MOST)}}),
    (413, "too large: give at most 1 MB.", {"content": bytes(MOST + 1), "headers": {"Content-Type": "image/png"}}),
    (413, "too large: give at most 1 MB.", {"content": iter([bytes(2**18)] * 8),  # of no declared length
                                            "headers": {"Content-Type": "image/png"}}),
    (415, "'text/plain' is not read", {"content": SEVEN, "headers": {"Content-Type": "text/plain"}}),
])
def test_what_cannot_be_read_gets_a_sentence(status, words, given, client):
    assert words in error_of(client.post("/read", **given), status)


@pytest.mark.parametrize("path, options, words", [
    ("/number", {"signs": "perhaps"}, "“signs” is either true or false."),
    ("/number", {"dates": "ymd"}, "“dates” is either dmy or mdy."),
    ("/table", {"page": "0"}, "“page” is the number of a page, counted from 1."),
    ("/table", {"page": "2"}, "“a.png” has no page 2."),
])
def test_wrong_options_get_a_sentence_in_the_address_and_in_the_form(path, options, words, client):
    for where in ("params", "data"):
        assert error_of(client.post(path, files={"file": ("a.png", SEVEN)}, **{where: options}), 400) == words


def test_other_addresses_get_a_sentence(client):
    assert "POST to /read, /number or /table" in error_of(client.get("/read"), 405)
    assert "POST to /read, /number or /table" in error_of(client.post("/elsewhere"), 404)


def test_a_slow_upload_gives_up_its_place(client, monkeypatch):
    monkeypatch.setattr(upload, "MOST_SECONDS", 0.1)
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=10) as slow:
        slow.sendall(f"POST /read HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: image/png\r\n"
                     "Content-Length: 99\r\n\r\nx".encode())
        assert slow.recv(99).startswith(b"HTTP/1.1 408 ")


def test_an_unexpected_fault_is_a_sentence_and_stands_in_the_log(client, deployer, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr(deployer, "predict", fail)
    sentence = error_of(client.post("/read", files={"file": SEVEN}), 500)
    assert "secret" not in sentence and "secret" in caplog.text


def test_the_page_and_the_schema_load_nothing_and_need_no_token(client):
    ask = partial(httpx.get, trust_env=False)
    page, schema = (ask(client.base_url.join(path)) for path in ("/docs", "/openapi.json"))
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script|<link|src=|https?://|@import|url\(", page.text)
    assert all(f"POST {path}" in page.text for path in ("/read", "/number", "/table"))
    assert {"/read", "/number", "/table", "/health"} == set(schema.json()["paths"])
    assert "multipart/form-data" in schema.json()["paths"]["/number"]["post"]["requestBody"]["content"]
    assert ask(client.base_url.join("/health")).json()["status"] == "ok"
    assert "Access-Control-Allow-Origin" not in page.headers


@pytest.mark.slow
def test_a_hundred_requests_at_once_are_all_answered(client, deployer, monkeypatch):
    """And no more are received at once than fit into memory."""
    at_once, most = 0, 0
    received = upload._form

    async def form(*arguments):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await received(*arguments)
        finally:
            at_once -= 1

    monkeypatch.setattr(upload, "_form", form)
    expected = as_json(deployer.predict(SEVEN))
    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(lambda _: client.post("/read", files={"file": SEVEN}), range(100)))
    assert [answer.status_code for answer in answers] == [200] * 100
    assert all(answer.json() == expected for answer in answers)
    assert 0 < most <= UPLOADS


@pytest.mark.slow
def test_damaged_pictures_are_read_or_refused_and_the_server_lives_on(client):
    rng, intact = np.random.default_rng(0), [*files(), ("PDF", pdf())]

    def damaged(number):
        kind, data = intact[number % len(intact)]
        data = mutated(data, rng, intact[rng.integers(len(intact))][1], most=2)
        return with_checksums(data) if kind == "PNG" else data

    bodies = [damaged(number) for number in range(50)]
    with ThreadPoolExecutor(8) as threads:
        for path in ("/read", "/number", "/table"):
            answers = list(threads.map(lambda body, path=path: client.post(path, files={"file": body}), bodies))
            for answer in answers:
                if answer.status_code != 200:
                    error_of(answer, 400)
    started = time.perf_counter()
    assert client.post("/read", files={"file": SEVEN}).json()["digit"] == 7
    assert time.perf_counter() - started < 10
    forms = [mutated(client.build_request("POST", "/read", files={"file": SEVEN}).read(), rng) for _ in range(50)]
    for form in forms:
        answer = client.post("/read", content=form, headers={"Content-Type": "multipart/form-data; boundary=b"})
        error_of(answer, 400)
