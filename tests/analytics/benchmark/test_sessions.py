"""Many sessions at once, over websockets."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from analytics.benchmark import sessions


def test_latencies_are_summarised():
    assert sessions.line([0.1] * 19 + [0.3]) == "median 100, 95 % 300, largest 300 ms"
    assert sessions.line([]) == "none"


def test_an_answer_is_known_by_its_strokes_and_whether_the_pen_is_up():
    from deployment.deploy_mnist import MNISTDeployer
    from deployment.ui import digit as html

    prediction = MNISTDeployer().predict(sessions.drawings(1)[0], kind="canvas")
    for live, word in ((True, "yes"), (False, "no")):
        match = sessions.ANSWER.search(html.answer(prediction, "your drawing", 12, live))
        assert match.groups() == ("12", word)


@pytest.mark.slow
def test_two_sessions_draw_and_are_answered_while_a_network_trains(capsys):
    with ThreadPoolExecutor(1) as aside:  # the browser of other tests has a loop of its own in this thread
        aside.submit(sessions.main, ["2", "--seconds", "8", "--labs", "1"]).result()
    printed = capsys.readouterr().out
    assert "2 sessions, " in printed and "faults 0" in printed
    assert "median" in printed.split("pen-up to answer ")[1].split(";")[0], "nobody was answered"
    assert "lab 1: running" in printed


@pytest.mark.ci
def test_what_uploads_took_goes_back_when_the_tab_is_closed(capsys):
    with ThreadPoolExecutor(1) as aside:
        aside.submit(sessions.main, ["--uploads", "25"]).result()
    printed = capsys.readouterr().out.splitlines()[-1]
    first, after = (int(re.search(rf"{stage} (\d+) MB", printed)[1]) for stage in ("first page", "120 s later"))
    assert after <= first + 100, printed
