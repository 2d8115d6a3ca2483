"""What analytics.studies.liminal reports, on sentences of our own with the shipped weights, and its model on MiniLM."""

import io
import json

import numpy as np
import pytest
from sentences import own_sentences

from analytics.studies import liminal
from core.storage import ModelError
from core.text import data
from core.text import train as command
from core.text.data import parse
from core.text.reader import FINAL_LIMINAL, TextReader


def test_page(monkeypatch):
    monkeypatch.setattr(liminal, "timings", lambda reader: (1.0, 0.5))
    page = liminal.page(parse(own_sentences()))
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("|")]
    shipped = next(row for row in rows if row[0] == "| **shipped model**")
    assert float(shipped[1]) > 0.8  # lovely and dreadful are told apart by weights that never saw these sentences
    assert next(row for row in rows if row[0] == "| the mean")[1] == "0.000"
    assert "Recursion against ridge" in page and "48 test sentences" in page and "1,000 take 0.50 s" in page


@pytest.mark.parametrize("low, high, words", [(0.01, 0.03, "V better (+0.020)"), (-0.03, -0.01, "V worse (+0.020)"),
                                              (-0.01, 0.03, "V no difference shown (+0.020)")])
def test_a_verdict_says_worse_where_the_interval_does(low, high, words):
    assert liminal.verdict("V", 0.02, low, high) == words


def test_cells_show_mean_and_spread():
    found = [{f"{kind}_{d}": value for kind in ("r", "mae") for d in "VAD"} for value in (0.1, 0.3)]
    assert liminal.cells(found).split(" | ")[0] == "0.200 ± 0.141"
    assert liminal.cells(found[:1]).split(" | ") == ["0.100"] * 6


def test_rows_are_trained_once(tmp_path, monkeypatch):
    sentences = parse(own_sentences())
    embedding = np.random.default_rng(0).standard_normal((192, 4)).astype(np.float32)
    monkeypatch.setattr(liminal, "ABLATION", tmp_path / "ablation.json")
    monkeypatch.setattr(liminal, "ROWS", {"small": dict(dim=8, outer=1, inner=1, epochs=1, epochs_2=0)})
    monkeypatch.setattr(liminal, "prepared", lambda sentences: (embedding, np.zeros((192, 3), np.float32)))
    liminal.train_rows(sentences, 2, ["small"])
    kept = json.loads((tmp_path / "ablation.json").read_text())
    assert set(kept["small"]) == {"0", "1"} and "with_memory" in kept["small"]["0"]["test"]
    monkeypatch.setattr(liminal.command, "train", lambda *args: pytest.fail("trained again"))
    liminal.train_rows(sentences, 2, ["small"])


def test_model_on_minilm_asks_for_its_embedder():
    with pytest.raises(ModelError, match="minilm-all-layers"):
        TextReader(FINAL_LIMINAL / "minilm")

    class Silent:
        name = "minilm-all-layers"

        def embed(self, texts):
            return np.zeros((len(texts), 2688), np.float32)

    good, bad = TextReader(FINAL_LIMINAL / "minilm", Silent()).read_many(["wonderful, happy, lovely", "murder, terror"])
    assert good.pad[0] > bad.pad[0]  # its n-grams alone know that much


def test_command_line_trains_saves_and_says_what_is_missing(tmp_path, capsys):
    table, out = tmp_path / "own.csv", tmp_path / "model"
    table.write_text(own_sentences(), encoding="utf-8")
    command.main(["--data", str(table), "--out", str(out), "--epochs", "1", "--set", "outer=1", "--set", "epochs_2=0"])
    assert "Hope" in capsys.readouterr().out
    reader = TextReader(out)
    assert reader.config.outer == 1 and len(reader.history["love"]) == 1
    assert reader.read("It was a lovely day.").pad[0] > reader.read("It was a dreadful day.").pad[0]
    with pytest.raises(SystemExit, match="--data"):
        liminal.main(["--data", str(tmp_path / "none.csv")])


def test_download_is_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "DOWNLOADED", tmp_path / "emobank.csv")
    monkeypatch.setattr(data.urllib.request, "urlopen", lambda *args, **kwargs: io.BytesIO(b"something else"))
    with pytest.raises(data.TextDataError, match="SHA-256"):
        data.load_emobank()

    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(data.urllib.request, "urlopen", offline)
    with pytest.raises(data.TextDataError, match="no network"):
        data.load_emobank()
    assert not list(tmp_path.iterdir())
