"""The configuration of nginx, as text."""

import re

import pytest

from deployment.server.__main__ import parse
from deployment.server.front import configuration


def group(text, index):
    return re.search(rf"upstream app{index} {{(.*)}}", text)[1].split(";")[:-1]


def test_each_process_has_a_group_in_which_the_others_stand_in():
    text = configuration("127.0.0.1:80", [1111, 2222, 3333], ["localhost"])
    own, *others = group(text, 1)
    assert "127.0.0.1:2222" in own and "backup" not in own
    assert [re.search(":(....) ", other)[1] for other in others] == ["1111", "3333"]
    assert all(other.endswith("backup") for other in others)


def test_a_process_that_is_being_restarted_gets_nobody():
    text = configuration("127.0.0.1:80", [1111, 2222], ["localhost"], down=0)
    assert all("1111" not in server for server in group(text, 0))
    assert any(server.endswith("down backup") and "1111" in server for server in group(text, 1))


def test_a_single_process_has_no_stand_in():
    text = configuration("127.0.0.1:80", [1111], ["localhost"])
    assert len(group(text, 0)) == 1 and "* 0;" in text


def test_names_are_taken_literally_and_nothing_else_is_taken():
    text = configuration("127.0.0.1:80", [1111], ["qualm.example"])
    assert r"qualm\.example" in text
    for wrong in ("a b", "x;}", "http://qualm.example", ""):
        with pytest.raises(ValueError, match="not the name of a host"):
            configuration("127.0.0.1:80", [1111], [wrong])


def test_a_certificate_is_asked_for_everywhere(tmp_path):
    text = configuration("0.0.0.0:443", [1111], ["localhost"], certificate=(tmp_path / "c", tmp_path / "k"))
    assert text.count("listen 0.0.0.0:443 ssl") == 2 == text.count("ssl_certificate_key")


def test_the_command_names_what_is_wrong(capsys):
    for arguments, word in ((["--processes", "0"], "at least one"), (["--certificate", "no", "no"], "no file no")):
        with pytest.raises(SystemExit):
            parse(arguments)
        assert word in capsys.readouterr().err
    assert parse(["--name", "a.example"]).names == ["localhost", "127.0.0.1", "a.example"]
