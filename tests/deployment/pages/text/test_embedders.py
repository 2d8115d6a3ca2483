"""Embedders that need libraries: MiniLM's arithmetic on a tiny BERT, the Hugging Face adapter on tiny random models.

They never download anything; what a missing library keeps from running is skipped, with the reason.
"""

import builtins
import json
import math

import numpy as np
import pytest

from analytics.studies.liminal import lessons
from analytics.studies.liminal.minilm import Contexts
from analytics.studies.liminal.words import make as make_words
from deployment.pages.text import embedders
from deployment.pages.text.embedders import EmbedderError, HuggingFace, MiniLM, gelu_exact, read_safetensors

TEXTS = ["the cat sat", "a cat", "the the the cat sat on a mat", "sat on"]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "on", "a", "mat"]

LACKS = "needs the libraries torch and transformers: pip install -e .[transformers]"


def write_safetensors(path, arrays):
    header, data = {}, b""
    for name, array in arrays.items():
        kind = {"float32": "F32", "float16": "F16", "int64": "I64"}[array.dtype.name]
        offsets = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_safetensors(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"a": rng.standard_normal((2, 3)).astype(np.float32), "b": rng.standard_normal(4).astype(np.float16),
              "ids": np.arange(3)}
    write_safetensors(tmp_path / "model.safetensors", arrays)
    read = read_safetensors(tmp_path / "model.safetensors")
    assert list(read) == ["a", "b"] and np.array_equal(read["a"], arrays["a"]) and read["b"].dtype == np.float32
    (tmp_path / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0nonsense")
    with pytest.raises(EmbedderError, match="damaged"):
        read_safetensors(tmp_path / "model.safetensors")


def test_gelu_and_norm():
    x = np.linspace(-6, 6, 101, dtype=np.float32)
    exact = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    np.testing.assert_allclose(gelu_exact(x), exact, atol=2e-6)
    y = embedders.layer_norm(x.reshape(1, -1), np.float32(2), np.float32(1))
    assert y.mean() == pytest.approx(1, abs=1e-5) and y.std() == pytest.approx(2, abs=1e-5)


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    """A folder as MiniLM wants it, with a BERT of two layers of width 8 and random weights."""
    tokenizers = pytest.importorskip("tokenizers", reason="needs the library tokenizers")
    folder, rng, d = tmp_path_factory.mktemp("bert"), np.random.default_rng(1), 8
    pieces = {piece: i for i, piece in enumerate(PIECES)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(pieces, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    shapes = {"embeddings.word_embeddings.weight": (10, d), "embeddings.position_embeddings.weight": (32, d),
              "embeddings.token_type_embeddings.weight": (2, d), "embeddings.LayerNorm.weight": (d,),
              "embeddings.LayerNorm.bias": (d,)}
    for layer in range(2):
        for name, shape in [("attention.self.query", (d, d)), ("attention.self.key", (d, d)),
                            ("attention.self.value", (d, d)), ("attention.output.dense", (d, d)),
                            ("attention.output.LayerNorm", (d,)), ("intermediate.dense", (16, d)),
                            ("output.dense", (d, 16)), ("output.LayerNorm", (d,))]:
            shapes[f"encoder.layer.{layer}.{name}.weight"] = shape
            shapes[f"encoder.layer.{layer}.{name}.bias"] = shape[:1]
    arrays = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    write_safetensors(folder / "model.safetensors", arrays)
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_size": d, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 10,
        "intermediate_size": 16, "max_position_embeddings": 32, "type_vocab_size": 2, "hidden_act": "gelu",
        "layer_norm_eps": 1e-12}))
    return folder


def test_minilm_on_a_tiny_bert(tiny_bert):
    model = MiniLM(tiny_bert)
    vectors = model.embed(TEXTS)
    assert vectors.shape == (4, 8) and model.dim == 8
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    for i, text in enumerate(TEXTS):  # no sentence sees another
        np.testing.assert_allclose(model.embed([text])[0], vectors[i], atol=1e-6)
    assert not np.allclose(model.embed(["cat the"]), model.embed(["the cat"]), atol=1e-3)  # order counts
    every = MiniLM(tiny_bert, layers="all")
    assert every.dim == 24 and every.name != model.name
    np.testing.assert_allclose(every.embed(TEXTS)[:, -8:], vectors, atol=1e-6)


def test_word_table_from_a_model(tiny_bert):
    table = make_words(["The cat sat.", "The dog didn't sit", "the dog"], MiniLM(tiny_bert, layers="all"), dim=4)
    assert {"cat", "dog", "mat", "on", "sat", "the", "number", "!", "smiling"} <= set(table.words)
    assert "sit" not in table.words, "it comes once, and is no piece of the model"
    assert table.vectors.shape == (len(table.words), 4) and table.vectors.dtype == np.int8
    vectors = table.lookup(np.arange(len(table.words)))
    assert np.isfinite(vectors).all() and 0.3 < vectors.std() < 3


def test_lessons_from_a_model(tiny_bert):
    minilm = MiniLM(tiny_bert, layers="all")
    whole, words, starts = lessons.teach(["the cat sat", "on"], minilm, progress=False)
    assert whole.shape == (2, 24) and words.shape == (4, 8) and starts.tolist() == [0, 3, 4]
    np.testing.assert_allclose(whole[0], minilm.embed(["the cat sat"])[0], atol=2e-3)
    (_, _, states), = minilm.runs(["the cat sat"])
    np.testing.assert_allclose(words[:3], states[-1][0][1:4], atol=2e-3)  # between [CLS] and [SEP]
    small = lessons.reduced(np.random.default_rng(0).standard_normal((50, 6)), 3)
    assert small.shape == (50, 3) and small.astype(float).std() == pytest.approx(1, abs=0.05)


def test_contexts_are_a_table_for_training(tiny_bert):
    table = Contexts(["the cat sat", "?", "the cat sat"], MiniLM(tiny_bert, layers="all"), dim=3)
    assert table.tokenise("the cat sat").tolist() == [0, 1, 2] and table.tokenise("?").tolist() == [3]
    assert table.lookup(np.array([0, 3])).shape == (2, 3)


def test_minilm_equals_the_reference(tiny_bert):
    transformers = pytest.importorskip("transformers", reason=LACKS)
    torch = pytest.importorskip("torch", reason=LACKS)
    reference = transformers.AutoModel.from_pretrained(tiny_bert, add_pooling_layer=False).eval()
    model = MiniLM(tiny_bert)
    for text, ours in zip(TEXTS, model.embed(TEXTS), strict=True):
        with torch.no_grad():
            ids = torch.tensor([model.tokenizer.encode(text).ids])
            mean = reference(input_ids=ids).last_hidden_state[0].mean(dim=0).numpy()
        np.testing.assert_allclose(ours, mean / np.linalg.norm(mean), atol=1e-4)


@pytest.mark.parametrize("kind", ["GPT2", "Bloom", "Bert"])
def test_hugging_face_on_tiny_random_models(kind):
    transformers = pytest.importorskip("transformers", reason=LACKS)
    pytest.importorskip("torch", reason=LACKS)
    sizes = {"GPT2": dict(n_embd=8, n_layer=1, n_head=2), "Bloom": dict(hidden_size=8, n_layer=1, n_head=2),
             "Bert": dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)}[kind]
    model = getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(vocab_size=10, **sizes))
    embedder = HuggingFace(model, lambda text: {"input_ids": [PIECES.index(word) for word in text.split()]})
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (4, 8) == (len(TEXTS), embedder.dim) and vectors.dtype == np.float32
    np.testing.assert_allclose(embedder.embed(TEXTS[2:3])[0], vectors[2], atol=1e-6)


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    with pytest.raises(EmbedderError, match="holds no model"):
        embedders.find_minilm(tmp_path)
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] in ("tokenizers", "transformers", "torch"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EmbedderError, match="pip install tokenizers"):
        MiniLM(tmp_path)
    with pytest.raises(EmbedderError, match="pip install torch transformers"):
        HuggingFace("gpt2")
