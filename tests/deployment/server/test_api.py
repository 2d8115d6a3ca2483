"""nginx before the server for programs: its limits before a stand-in, and the command as a whole."""

import http.client
import json
import os
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from app import EXAMPLES
from served import Served

from deployment.reader.picture.limits import MOST_BYTES
from deployment.server.__main__ import main, parse
from deployment.server.front import SENTENCES, configuration
from deployment.server.processes import Front, free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="no nginx: install it with the system's packages")
SEVEN, TOKEN = (EXAMPLES / "seven.png").read_bytes(), "a-token-of-the-tests"


def ask(port, path="/read", body=SEVEN, method="POST", **headers):
    """Status and JSON of the answer to a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "image/png", **headers})
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


class Echo(BaseHTTPRequestHandler):
    """Says what it received."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = len(self.rfile.read(int(self.headers["Content-Length"])))
        said = json.dumps([size, self.headers["Host"], self.headers["Authorization"]]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *words):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


@pytest.fixture
def front():
    """The port of nginx before a process that echoes and one that is gone."""
    echo = Server(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=echo.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    port = free_port()
    processes = [SimpleNamespace(port=free_port()), SimpleNamespace(port=echo.server_address[1])]
    front = Front(processes, f"127.0.0.1:{port}", ["127.0.0.1", "qualm.example"], api=True)
    yield SimpleNamespace(port=port, hold_back=front.hold_back)
    front.stop()
    echo.shutdown()
    thread.join()
    echo.server_close()


@needs_nginx
def test_requests_arrive_as_they_are_sent_and_refusals_are_sentences(front):
    for _ in range(4):  # also where the process that is gone would be next
        assert ask(front.port, Authorization="Bearer x", Host="qualm.example") == (
            200, [len(SEVEN), "qualm.example", "Bearer x"])
    assert ask(front.port, Host="a.example") == (421, {"error": SENTENCES["other_host"]})
    assert ask(front.port, Origin="http://a.example") == (403, {"error": SENTENCES["other_site"]})
    assert ask(front.port, body=bytes(MOST_BYTES + 2**16))[0] == 200, "the process has the exact limit"
    declared = {"Content-Length": str(MOST_BYTES + 2**21), "Expect": "100-continue"}
    assert ask(front.port, body=b"", **declared) == (413, {"error": SENTENCES["too_large"]})
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ask(front.port, body=b"x"), range(400)))
    statuses = [status for status, _ in answers]
    assert set(statuses) == {200, 429} and statuses.count(200) >= 200
    assert {"error": SENTENCES["too_many"]} in [answer for _, answer in answers]


def test_a_process_that_is_being_restarted_gets_no_request_and_the_others_stand_in():
    text = configuration("127.0.0.1:80", [1111, 2222], ["localhost"], down=0, api=True)
    assert "server 127.0.0.1:1111 max_fails=0 down;" in text and "server 127.0.0.1:2222 max_fails=0;" in text
    assert "non_idempotent" in text and "Set-Cookie" not in text and "upstream app" not in text


def test_the_command_asks_for_a_token_and_for_options_that_go_together(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("QUALM_TOKEN", raising=False)
    for options, words in ((["--token-file", "x"], "only with --api"),
                           (["--api", "--lab", "train"], "only without --api")):
        with pytest.raises(SystemExit):
            parse(options)
        assert words in capsys.readouterr().err
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for options, words in ((["--host", "0.0.0.0"], "so a token is needed"),
                           (["--token-file", str(tmp_path / "none")], "No such file")):
        with pytest.raises(SystemExit, match=words):
            main(["--api", *options])


@pytest.fixture
def served(tmp_path):
    """The command, with two processes and a token."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    served = Served(tmp_path, "--api", "--processes", "2", "--token-file", str(token), process="deployment.api")
    yield served
    served.end()
    assert "Traceback" not in served.log.read_text()


@needs_nginx
@pytest.mark.ci
def test_many_requests_are_answered_while_a_process_is_killed_and_all_are_restarted(served):
    assert ask(served.port)[0] == 401 and ask(served.port, Authorization="Bearer y")[0] == 401
    assert ask(served.port, "/health", method="GET", body=None)[0] == 200
    first, statuses, over = served.children(), [], threading.Event()

    def read(_):
        while not over.is_set():
            status, said = ask(served.port, Authorization=f"Bearer {TOKEN}")
            statuses.append((status, said.get("digit")))

    with ThreadPoolExecutor(100) as threads:
        assert {answer[0] for answer in threads.map(
            lambda _: ask(served.port, Authorization=f"Bearer {TOKEN}"), range(100))} == {200}
        readers = [threads.submit(read, number) for number in range(2)]
        os.kill(first[0], signal.SIGKILL)
        deadline = time.monotonic() + 60
        while len(served.children()) < 2 or first[0] in served.children():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        try:
            served.restart()
        finally:
            over.set()
        for reader in readers:
            reader.result()
    assert len(statuses) > 20 and set(statuses) <= {(200, 7), (429, None)}
    assert set(first).isdisjoint(served.children())
