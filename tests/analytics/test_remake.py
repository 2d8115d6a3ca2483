"""What hangs on the weights is made again step by step, and an interrupted run goes on."""

import importlib.util
from pathlib import Path

import pytest

from analytics.remake import STEPS, Step, done_steps, main, remake

ROOT = Path(__file__).parents[2]


def append(folder, name, fails=False):
    script = folder / f"{name}.py"
    script.write_text(f"open({str(folder / 'order')!r}, 'a').write('{name} ')\nraise SystemExit({int(fails)})\n")
    return Step(name, str(script), 1)


def test_a_run_goes_on_with_the_step_that_failed_and_starts_again_with_other_weights(tmp_path, capfd):
    state, order = tmp_path / "runs" / "remake.json", tmp_path / "order"
    first, bad, last = append(tmp_path, "first"), append(tmp_path, "second", fails=True), append(tmp_path, "third")
    assert remake({}, "one", (first, bad, last), state) == "second"
    assert order.read_text() == "first second " and done_steps("one", state) == ["first"]
    assert "second (2 of 3; all that is left takes about 2 minutes)" in capfd.readouterr().out
    mended = append(tmp_path, "second")
    assert remake({}, "one", (first, mended, last), state) is None
    assert order.read_text() == "first second second third "
    assert remake({}, "one", (first, mended, last), state) is None
    assert order.read_text().count("third") == 1, "nothing is left"
    state.write_text("{")
    assert done_steps("one", state) == []
    assert remake({}, "two", (first,), state) is None and done_steps("two", state) == ["first"]


def test_its_commands_exist():
    for step in STEPS:
        words = step.words.split()
        assert importlib.util.find_spec(words[1]) if words[0] == "-m" else (ROOT / words[0]).is_file(), step
    assert len({step.name for step in STEPS}) == len(STEPS)


def test_a_folder_that_is_missing_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--tables", str(tmp_path / "nowhere")])
    assert "nowhere is not a folder" in capsys.readouterr().err


def test_a_step_gets_its_folder_and_waits_without_one(tmp_path):
    script, state = tmp_path / "copy.py", tmp_path / "remake.json"
    script.write_text(f"import sys; open({str(tmp_path / 'seen')!r}, 'w').write(sys.argv[1])\n")
    step = Step("tables", str(script), 1, "tables")
    assert remake({}, "one", (step,), state) is None and done_steps("one", state) == []
    assert remake({"tables": "sheets"}, "one", (step,), state) is None
    assert (tmp_path / "seen").read_text() == "sheets" and done_steps("one", state) == ["tables"]
