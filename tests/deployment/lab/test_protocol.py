"""Messages between page and training process."""

import io

import numpy as np
import pytest

from deployment.lab.protocol import MOST_BYTES, ProtocolError, command, commands, pack, unpack

MESSAGE = {"kind": "tick", "step": np.int64(3), "units": np.arange(12, dtype=np.uint8).reshape(3, 4), "yours": None,
           "layers": [{"name": "a", "weights": np.arange(3, dtype=np.int32)},
                      {"name": "b", "weights": np.zeros((0, 2), np.float16)}]}


def test_arrays_arrive_where_they_stood():
    stream = io.BytesIO(pack(MESSAGE) + pack({"kind": "end"}))
    message = unpack(stream)
    assert message is not None
    assert message["step"] == 3 and message["yours"] is None and message["layers"][1]["name"] == "b"
    for ours, theirs in ((MESSAGE, message), *zip(MESSAGE["layers"], message["layers"], strict=True)):
        for name in {"units", "weights"} & ours.keys():
            assert np.array_equal(ours[name], theirs[name]) and ours[name].dtype == theirs[name].dtype
            assert ours[name].shape == theirs[name].shape
    assert unpack(stream) == {"kind": "end"}
    assert unpack(stream) is None


def test_a_frame_cut_anywhere_is_the_end():
    whole = pack(MESSAGE)
    assert [unpack(io.BytesIO(whole[:n])) for n in range(len(whole))] == [None] * len(whole)


def frame(header):
    return len(header).to_bytes(4, "big") + header


@pytest.mark.parametrize("data", [
    b"\xff\xff\xff\xff", frame(b"no json"), frame(b'{"message": {}}'), frame(b"[1]"),
    frame(b'{"message": {"a": null}, "arrays": [["a", "|O", [1]]]}') + bytes(8),
    frame(b'{"message": {"a": null}, "arrays": [["a", "|u1", [%d]]]}' % (MOST_BYTES + 1)),
    frame(b'{"message": {"a": null}, "arrays": [["a", "|u1", [-1]]]}'),
    frame(b'{"message": {"a": null}, "arrays": [["a.0.b", "|u1", [1]]]}') + b"1"])
def test_foreign_bytes_are_refused(data):
    with pytest.raises(ProtocolError):
        unpack(io.BytesIO(data))


def test_commands_are_lines_and_what_is_none_is_ignored():
    others = b'no json\n[1]\n{"do": 3}\n{}\n'
    stream = io.BytesIO(command(do="set", knob="lr", value=0.1) + others + command(do="seen"))
    assert [*commands(stream)] == [{"do": "set", "knob": "lr", "value": 0.1}, {"do": "seen"}]
