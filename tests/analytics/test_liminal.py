"""analytics.studies.liminal on synthetic sentences: the report, its parts, refusals, the commands."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from sentences import own_sentences, word_table

from analytics.studies.liminal import __main__ as liminal
from analytics.studies.liminal import ablation, language, lessons, plain, refusals, report, versions
from core.storage import save_model
from core.text import train as command
from core.text.data import emobank as data
from core.text.data.emobank import parse
from core.text.language.english import English
from core.text.reader import TextReader

SMALL = dict(dim=8, heads=2, outer=1, reach=1, epochs=1, steps=30, rated=32, plain=0, pairs=4, orderings=20, lr=1e-2)


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A folder with the small table of words."""
    folder = tmp_path_factory.mktemp("words")
    save_model(folder, word_table().arrays() | English.anything().arrays(), {})
    return folder


def test_page(monkeypatch):
    monkeypatch.setattr(report, "timings", lambda reader: (1.0, 0.5))
    page = report.page(parse(own_sentences()))
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("|")]
    shipped = next(row for row in rows if row[0] == "| **shipped reader (v7)**")
    assert float(shipped[1]) > 0.7  # the shipped weights, not trained on these sentences, separate lovely and dreadful
    assert next(row for row in rows if row[0] == "| the mean")[1] == "0.000"
    for text in ("48 test sentences", "1,000 take 0.50 s", "## Order: contrast pairs", "## Intervals", "bag of words",
                 "were seen", "30 of each of ten kinds"):
        assert text in page
    assert "Everything was chosen on dev" not in page


@pytest.mark.parametrize("low, high, words", [(0.01, 0.03, "V better (+0.020, +0.010 to +0.030)"),
                                              (-0.03, -0.01, "V worse (+0.020, -0.030 to -0.010)"),
                                              (-0.01, 0.03, "V no difference shown (+0.020, -0.010 to +0.030)")])
def test_verdicts_follow_the_interval(low, high, words):
    assert report.verdict("V", 0.02, low, high) == words


def test_verdicts_over_seeds_and_sentences():
    rng = np.random.default_rng(0)
    target = rng.standard_normal((400, 3))
    near, far = (target + noise * rng.standard_normal((4, 400, 3)) for noise in (0.3, 3.0))
    verdicts = report.verdicts(near, far[:1], target, np.arange(400), n=100).split("; ")
    assert len(verdicts) == 3 and all("better" in verdict for verdict in verdicts)
    assert "no difference shown" in report.verdicts(near[:2], near[2:], target, np.arange(400), n=100)


def test_cells_show_mean_and_spread():
    measures = [{f"{kind}_{d}": value for kind in ("r", "mae") for d in "VAD"} for value in (0.1, 0.3)]
    assert report.cells(measures).split(" | ")[0] == "0.200 ± 0.141"
    assert report.cells(measures[:1]).split(" | ") == ["0.100"] * 6


def test_the_bag_of_words_ignores_order():
    bag = ablation.bag_of_words(parse(own_sentences()), word_table())
    estimates = bag([f"It was a {words}, number 3." for words in ("lovely day", "day lovely", "awful day")])
    np.testing.assert_allclose(estimates[0], estimates[1], atol=1e-6)
    assert estimates[0, 0] > estimates[2, 0] + 0.05


def test_rows_are_trained_once(tmp_path, monkeypatch, words):
    monkeypatch.setattr(ablation, "RUNS", tmp_path)
    monkeypatch.setattr(ablation, "ABLATION", tmp_path / "ablation.json")
    monkeypatch.setattr(ablation, "SEEDS_PAD", tmp_path / "seeds_pad.npy")
    monkeypatch.setattr(ablation, "ROWS", {ablation.WHOLE: SMALL})
    (tmp_path / "own.csv").write_text(own_sentences(), encoding="utf-8")
    args = liminal.arguments(["train", "--data", str(tmp_path / "own.csv"), "--words", str(words), "--seeds", "2",
                              "--only", ablation.WHOLE])

    def run_in_process(commands, workers, on_done):
        for words_of_command in commands:
            at = {name: words_of_command[i + 1] for i, name in enumerate(words_of_command) if name.startswith("--")}
            ablation.run(at["--row"], int(at["--seed"]), args)
            on_done()

    monkeypatch.setattr(ablation, "run_all", run_in_process)
    ablation.train_rows(args)
    results = json.loads((tmp_path / "ablation.json").read_text())
    assert set(results[ablation.WHOLE]) == {"0", "1"} and results[ablation.WHOLE]["0"]["contrasts"]["but"][1] == 30
    assert np.load(tmp_path / "seeds_pad.npy").shape == (2, 48, 3)
    monkeypatch.setattr(command, "train", lambda *args: pytest.fail("trained again"))
    ablation.train_rows(args)


def test_versions_are_trained_once(tmp_path, monkeypatch, words):
    monkeypatch.setattr(versions, "ABLATION", tmp_path / "ablation.json")
    monkeypatch.setattr(versions, "ROWS", {"small": dict(dim=8, outer=1, inner=1, epochs=1, epochs_2=0)})
    (tmp_path / "own.csv").write_text(own_sentences(), encoding="utf-8")
    args = liminal.arguments(["versions", "--data", str(tmp_path / "own.csv"), "--words", str(words), "--seeds", "1"])
    versions.train_rows(args)
    results = json.loads((tmp_path / "ablation.json").read_text())
    assert "with_memory" in results["small"]["0"]["test"]
    monkeypatch.setattr(versions.command, "train", lambda *args: pytest.fail("trained again"))
    versions.train_rows(args)


HELP = "<p>Klicken Sie auf das <b>Bild</b>, um es zu öffnen.</p><p>See the <i>manual</i> which explains it all.</p>"


def test_plain_sentences_come_from_pages_in_other_languages(tmp_path):
    for tongue, text in (("de", HELP), ("en", "<p>Click on the picture to open it now.</p>")):
        folder = tmp_path / "usr/share/gimp/2.0/help" / tongue
        folder.mkdir(parents=True)
        (folder / "a.html").write_text(text, encoding="utf-8")
    texts = plain.plain(tmp_path)
    assert texts == {("gimp-help", "de"): ["Klicken Sie auf das Bild, um es zu öffnen."],
                     ("gimp-help", "en"): ["Click on the picture to open it now."]}
    manual = ".TH LS 1\n.B ls\nLista los archivos del directorio actual.\n"
    assert list(plain.manual_sentences(manual)) == ["Lista los archivos del directorio actual."]


def test_english_is_learned_and_refusals_are_measured(tmp_path, monkeypatch):
    english = ["the day was warm and the house was bright", "it was a happy walk with a friend"] * 20
    german = ["das wetter ist heute ziemlich schlecht", "ich habe nichts davon gewusst"] * 20
    classifier = language.fit(english, german, word_table())
    assert classifier.score(["the", "walk", "was", "warm"], word_table()) > 0
    assert classifier.score(["ich", "habe", "das", "nichts"], word_table()) < 0
    assert len(language.gibberish(9)) == 9 and language.gibberish(3) == language.gibberish(3)
    monkeypatch.setattr(refusals, "REFUSALS", tmp_path / "refusals.json")
    spoken = {("manpages", "de"): [f"Das ist der Satz mit der Nummer {i} von hier." for i in range(100)],
              ("gimp-help", "de"): ["egal"] * 100, ("manpages", "fr"): ["trop peu"]}
    monkeypatch.setattr(refusals, "plain", lambda folder: spoken)
    refusals.measure(tmp_path, parse(own_sentences()), TextReader())
    rates = json.loads((tmp_path / "refusals.json").read_text())
    assert rates["digits only"]["refused"] == 1 and rates["gibberish"]["refused"] > 0.9
    assert rates["de, manpages"]["refused"] > 0.9 and not [name for name in rates if "fr" in name or "gimp" in name]
    assert any("| de, manpages | " in line for line in refusals.lines())


def test_lessons_exclude_held_out_sentences(tmp_path):
    wordnet, fortunes = tmp_path / "usr/share/wordnet", tmp_path / "usr/share/games/fortunes"
    for folder in (wordnet, fortunes):
        folder.mkdir(parents=True)
    for kind in ("noun", "verb", "adj", "adv"):
        (wordnet / f"data.{kind}").write_text('0 x | to be glad; "she was glad of it"\n', encoding="utf-8")
    held_out = parse(own_sentences()).texts[5]
    (fortunes / "art").write_text(f"A day without a song. {held_out}\n%\nToo 1 2 3 4 5 6 7\n", encoding="utf-8")
    (fortunes / "art.dat").write_bytes(b"\0")
    sentences = lessons.sentences(Path(tmp_path), parse(own_sentences()))
    assert {"she was glad of it", "to be glad", "A day without a song."} <= set(sentences) and held_out not in sentences


def test_command_line_trains_saves_and_names_missing_files(tmp_path, capsys, words):
    table, out = tmp_path / "own.csv", tmp_path / "model"
    table.write_text(own_sentences(), encoding="utf-8")
    settings = [part for name, value in SMALL.items() if name != "epochs"
                for part in ("--set", f"{name}={value}")]
    command.main(["--data", str(table), "--words", str(words), "--out", str(out), *settings, "--epochs", "2"])
    assert "Hope" in capsys.readouterr().out
    reader = TextReader(out)
    assert reader.config.outer == 1 and len(reader.history["love"]) == 2
    assert reader.read("It was a lovely day.").pad[0] > reader.read("It was a dreadful day.").pad[0]
    with pytest.raises(SystemExit, match="--data"):
        liminal.main(["--data", str(tmp_path / "none.csv")])
    with pytest.raises(SystemExit):
        liminal.main(["lessons"])


def test_download_is_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "DOWNLOAD_PATH", tmp_path / "emobank.csv")
    monkeypatch.setattr(data.urllib.request, "urlopen", lambda *args, **kwargs: io.BytesIO(b"something else"))
    with pytest.raises(data.TextDataError, match="SHA-256"):
        data.load_emobank()

    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(data.urllib.request, "urlopen", offline)
    with pytest.raises(data.TextDataError, match="no network"):
        data.load_emobank()
    assert not list(tmp_path.iterdir())
