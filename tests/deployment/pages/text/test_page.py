"""The tab "Feelings in text": what it says to each kind of input, its conversation, files, and pictures by hand."""

import dataclasses
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.text import reader as text_reader
from core.text.reader import FINAL_LIMINAL, LONGEST, OcclusionEffect, TextReader
from deployment.pages.text import batch, charts, html
from deployment.pages.text.examples import EXAMPLES, FIELD
from deployment.pages.text.sections import MOST_WORDS

APP = Path(__file__).resolve().parents[4] / "deployment" / "app.py"


def start() -> AppTest:
    def tab():
        from deployment.pages.text import page

        page.render()

    at = AppTest.from_function(tab, default_timeout=60).run()
    assert not at.exception
    return at


def page(at) -> str:
    assert not at.exception
    return "".join(element.proto.body for element in at.get("html"))


def felt(at) -> list[float]:
    """PAD of the answer on the page."""
    (tag,) = re.findall(r'data-testid="affect" ([^>]*)>', page(at))
    return [float(value) for value in re.findall(r'data-\w+="([^"]*)"', tag)]


def typed(at) -> int:
    return int(re.search(r'data-texts="(\d+)"', page(at))[1])


def say(at, text: str):
    return at.chat_input(key="text_said").set_value(text).run()


def upload(at, name: str, data: bytes):
    return at.file_uploader(key="text_file").set_value((name, data, "text/plain")).run()


@pytest.fixture(scope="module")
def reader():
    return TextReader()


def test_the_first_visit_has_read_an_example(reader):
    at = start()
    assert felt(at) == pytest.approx(reader.read(EXAMPLES[0]).pad, abs=6e-4)
    assert typed(at) == 0, "an example is no conversation"
    assert not [button for button in at.button if button.key == "text_forget"]
    for part in ("headline", "tinted", "breathing"):
        assert f'data-testid="{part}"' in page(at)
    captions = " ".join(caption.value for caption in at.caption)
    assert "it rates words" in captions and "python" not in captions, "how it is remade stands in About"
    assert len(EXAMPLES) == 6 and len(FIELD) == 8


def test_typed_texts_are_a_conversation_until_it_is_forgotten(reader):
    at = start()
    for n, text in enumerate(("I hate you, you ruined everything.", "Well, it is Tuesday."), start=1):
        say(at, text)
        assert felt(at) == pytest.approx(reader.read(text).pad, abs=6e-4) and typed(at) == n
    at.segmented_control(key="text_dimension").set_value("Arousal").run()
    assert typed(at) == 2 and 'data-dimension="arousal"' in page(at), "looking closer reads nothing anew"
    at.button(key="text_example_3").click().run()
    assert typed(at) == 2 and felt(at) == pytest.approx(reader.read(EXAMPLES[3]).pad, abs=6e-4)
    say(at, "I lost my keys.")
    at.button(key="text_forget").click().run()
    assert typed(at) == 0 and "I lost my keys" not in page(at), "its reading goes with it"
    assert felt(at) == pytest.approx(reader.read(EXAMPLES[0]).pad, abs=6e-4)


def test_love_is_pleasanter_than_hate():
    at = start()
    happy = felt(say(at, "I love this wonderful, happy day!"))
    assert happy[0] > felt(say(at, "This awful, sad day was a disaster."))[0] + 0.1


@pytest.mark.parametrize("text, reason", [("   ", "empty"), ("a" * (LONGEST + 1), "characters")])
def test_a_refused_text_gives_a_sentence_and_changes_nothing(text, reason):
    at = start()
    before = felt(at)
    assert "It was not read" in page(say(at, text)) and reason in page(at)
    assert felt(at) == before and typed(at) == 0
    at.button(key="text_example_1").click().run()
    assert "It was not read" not in page(at)


@pytest.mark.parametrize("text, reason", [
    ("Ich habe heute leider überhaupt keine Zeit für dich.", "does not look like English"),
    ("SELECT love FROM life", "like code"), ("12345", "no word in it"),
    ("?!", "no word in it"), ("Привет, как дела?", "none of its words"),
])
def test_what_cannot_be_read_is_said_instead_of_a_feeling(text, reason):
    at = say(start(), text)
    assert 'data-testid="unreadable"' in page(at) and 'data-testid="affect"' not in page(at)
    assert reason in page(at) and text in page(at) and typed(at) == 0
    assert 'data-testid="affect"' in page(say(at, "I am happy."))


def test_no_word_stands_where_an_interval_holds_zero(reader):
    text = "It rained all week and nobody came."
    said = page(say(start(), text))
    assert ">No clear emotion</h3>" in said and "without its interval: slightly powerless." in said
    assert said.count("<td>–</td>") == 3


def test_a_negation_turns_the_sentence(reader):
    at = start()
    assert felt(say(at, "I am not happy at all."))[0] < felt(say(at, "I am happy."))[0] - 0.1
    assert felt(say(at, "I'm not sad any more."))[0] > felt(say(at, "I'm sad."))[0] + 0.1


def test_unknown_words_are_said():
    assert "It knows 4 of 5 words." in page(say(start(), "I am so gloamingish happy"))


def test_markup_and_long_texts_are_safe():
    at = start()
    say(at, "<img src=x onerror=alert(1)> & I am happy")
    assert "<img src=x" not in page(at) and "&lt;" in page(at)
    say(at, "rain " * (MOST_WORDS + 1))
    assert 'data-testid="tinted"' not in page(at)
    say(at, "Rain fell " * 25)
    assert any("drawn for up to 40 words" in caption.value for caption in at.caption)


def test_a_file_is_read_line_by_line_and_a_line_leads_to_its_reading(reader):
    foreign = b"Je ne sais pas pourquoi il est parti si vite."
    at = upload(start(), "mine.txt", b"I am happy.\n\n" + b"x" * (LONGEST + 1) + b"\nI am sad.\n" + foreign)
    table = at.dataframe[0].value
    assert list(table["Line"]) == [1, 4] and list(table["Text"]) == ["I am happy.", "I am sad."]
    assert table["Pleasure"][0] == pytest.approx(reader.read("I am happy.").pad[0], abs=1e-5)
    assert "Not read of “mine.txt”: line 3" in page(at) and "line 5: I cannot read this" in page(at)
    assert at.get("download_button") and typed(at) == 0


@pytest.mark.parametrize("name, data, reason", [
    ("big.txt", b"a\n" * 600_000, "1.1 MB"), ("wide.txt", "hé".encode("utf-16"), "not plain text in UTF-8"),
    ("empty.csv", b"text\n\n", "holds no text"), ("picture.csv", b"\x89PNG\x00\x1a", "not plain text"),
])
def test_bad_uploads_are_named(name, data, reason):
    found, sentences = batch.lines(name, data)
    assert found == [] and len(sentences) == 1 and name in sentences[0] and reason in sentences[0]
    if name == "wide.txt":
        at = upload(start(), name, data)
        assert reason in page(at) and felt(at)


def test_lines_of_a_csv():
    data = b'\xef\xbb\xbfSentence,by\n"one, two",x\n"three\nfour",y\n,z\nfive\n'
    assert batch.lines("a.csv", data) == ([(2, "one, two"), (3, "three\nfour"), (6, "five")], [])


def test_an_open_quotation_mark_loses_no_other_line():
    found, sentences = batch.lines("a.csv", b'text\none,1\n"two\nthree,3\n"four, too",4\n')
    assert found == [(2, "one"), (3, "two"), (4, "three"), (5, "four, too")]
    assert "line 3" in sentences[0]


def test_no_more_than_a_thousand_lines():
    found, sentences = batch.lines("a.txt", b"rain\r\n" * 1001)
    assert len(found) == 1000 and found[-1] == (1000, "rain") and "1,001" in sentences[0]


def test_the_csv_keeps_what_could_not_be_read(reader):
    rows = batch.read(reader, [(1, "I am happy."), (3, "x" * (LONGEST + 1))])
    head, good, bad = batch.to_csv(rows).splitlines()
    assert head == ("line,text,pleasure,arousal,dominance,pleasure_low,pleasure_high,arousal_low,arousal_high,"
                    "dominance_low,dominance_high,words,problem")
    assert good.startswith(f"1,I am happy.,{rows[0][2].pad[0]:.4f},") and good.endswith(",")
    assert f",{rows[0][2].low[0]:.4f},{rows[0][2].high[0]:.4f}," in good
    assert bad.startswith("3,xxx") and "at most 5,000" in bad


def test_the_csv_holds_no_formulas(reader):
    _, line = batch.to_csv(batch.read(reader, [(-3, "=1+1 makes me happy.")])).splitlines()
    assert line.startswith("-3,'=1+1 makes me happy.,"), "the sentence is a text, the number stays one"


def test_a_missing_or_damaged_model_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(text_reader, "FINAL_LIMINAL", tmp_path / "none")
    assert "cannot be loaded" in page(start()) and 'data-testid="affect"' not in page(start())
    shutil.copytree(FINAL_LIMINAL, tmp_path / "damaged")
    file = next((tmp_path / "damaged").glob("reader_input*W.npy"))
    file.write_bytes(file.read_bytes()[:-4] + b"abcd")
    monkeypatch.setattr(text_reader, "FINAL_LIMINAL", tmp_path / "damaged")
    assert "cannot be loaded" in page(start()) and file.stem in page(start())


def test_the_breath_can_be_played():
    at = start()
    assert 'data-play="0"' in page(at) and "@keyframes" not in page(at)
    at.button(key="text_play").click().run()
    assert 'data-play="1"' in page(at) and "prefers-reduced-motion" in page(at)


def test_words_are_tinted_by_their_share_of_the_largest_change():
    effects = [
        OcclusionEffect("so", 0, 2, np.array([0.1, 0, 0])),
        OcclusionEffect("<b>", 3, 6, np.array([-0.05, 0.01, 0])),
    ]
    tinted = html.tinted("so <b>!", effects, 0)
    assert "#E69F00 55%" in tinted and "solid" in tinted and "so: pleasure +0.100" in tinted
    assert "#0072B2 28%" in tinted and "dotted" in tinted and "&lt;b&gt;</span>!" in tinted
    assert "#E69F00 28%" in html.tinted("so <b>!", effects, 1), "0.01 is half of what is shown in full"
    assert html.strongest(effects, 0) == "“so” +0.100, “<b>” -0.050"


def test_bars_start_at_zero_with_their_interval_across():
    pad = np.array([0.5, -0.2, 0])
    reading = SimpleNamespace(text="x", pad=pad, low=pad - 0.1, high=pad + 0.3)
    felt = html.affect(reading, ["pleased", "calm", "neutral"], np.array([0, 0.1, 0]), np.array([0.1, 0.1, 0.1]))
    bars = re.findall(r'left:([\d.]+)%;width:([\d.]+)%', felt)
    assert bars[:3] == [("45.0", "10.0"), ("50.0", "25.0"), ("70.0", "20.0")]
    assert bars[3:6] == [("50.0", "10.0"), ("40.0", "10.0"), ("35.0", "20.0")]
    assert "Pleasure +0.50, between +0.40 and +0.80" in felt


def test_charts_by_hand():
    pads = np.array([[0.0, 0, 0], [0.3, 0, 0.1], [0, 0.2, 0]])
    reading = SimpleNamespace(pad=pads[1], low=pads[1] - 0.2, high=pads[1] + 0.2)
    figure = charts.field(["a", "b", "c"], ["A", "B", "C"], pads, reading)
    frame = figure.layout.shapes[0]
    np.testing.assert_allclose([frame.x0, frame.x1, frame.y0, frame.y1], [0.1, 0.5, -0.2, 0.2])
    assert figure.data[1].x == (0.3,) and figure.data[1].marker.size[0] == charts.LARGEST
    assert figure.data[0].marker.size[0] == charts.SMALLEST
    low, high = figure.layout.xaxis.range
    assert low < 0 and high > 0.5, "the whole frame is seen"
    moved = charts.rounds(np.array([[0.1, 0, 0], [0.3, 0, -0.1]]))
    assert [line.y[1] for line in moved.data] == [0.3, 0, -0.1]
    shares = np.array([[0.2, 0.8], [0.6, 0.4]])
    z = np.nansum([trace.z for trace in charts.attention(shares, ["so", "sad"]).data], axis=0)
    np.testing.assert_allclose(z, shares.T)


def test_labels_of_the_map_cover_nothing():
    points = np.array([[0.5, 0.5], [0.58, 0.5], [0.5, 0.62], [0.97, 0.03]])
    sides = charts.placed(points, ["middle", "right", "above", "corner"])
    assert sides[0] != "middle right" and sides[0] != "top center" and sides[3] in ("middle left", "top center")


def test_the_shipped_landmarks_have_room(reader):
    """On the narrowest map no label covers another."""
    pads = np.array([r.pad for r in reader.read_many([text for _, text in FIELD])])
    shares = (pads[:, :2] - pads[:, :2].min(axis=0)) / np.ptp(pads[:, :2], axis=0) * 0.8 + 0.1
    labels = [label for label, _ in FIELD]
    boxes = list(map(charts.label_box, shares, labels, charts.placed(shares, labels)))
    for i, box in enumerate(boxes):
        assert all(charts._overlap(box, other) < 1e-3 for other in boxes[:i]), FIELD[i]


def test_a_model_without_rounds_says_so(monkeypatch):
    read = TextReader.read

    def plain(self, text):
        return dataclasses.replace(read(self, text), confidence=np.zeros(0))

    monkeypatch.setattr(TextReader, "read", plain)
    at = start()
    assert any("without rounds of thought" in caption.value for caption in at.caption)


def test_the_third_tab_of_the_app():
    at = AppTest.from_file(str(APP), default_timeout=60).run()
    assert [tab.label for tab in at.tabs][2] == "Feelings in text" and 'data-testid="affect"' not in page(at)
    at.session_state["tab"] = "Feelings in text"
    assert felt(at.run())
