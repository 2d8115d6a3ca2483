"""From sentences to what the tiny recursive model is given: an embedding and a first estimate of PAD.

A `Featurizer` joins word and character n-grams with the sentence vectors of an embedder. An embedder is anything with
`name`, `dim` and `embed(texts) -> (N, dim) float32`; `WordVectors` needs NumPy alone, deployment/text/embedders.py has
those that need libraries.
"""

import numpy as np

from core.text.ngrams import WORDS, NGrams, Sparse, ridge, times

# Chosen on EmoBank's dev split, for valence, arousal and dominance
ALPHA = (1.0, 2.0, 4.0)
SHARES = {"word": 0.15, "char": 0.5}  # squared length of the n-gram rows beside sentence vectors of mean square 1
FOLDS = 5


class WordVectors:
    """A sentence as the mean of its words' vectors, weighted by how rare they are; unknown words are passed over.

    words: a list of W strings in lower case; vectors (W, dim) int8; scale (W,): a row's true values are vectors *
    scale; weight (W,): the rarity. The shipped table holds 26,000 words: vectors of single words from all-MiniLM-L6-v2
    (layers 0, 2, 4 and 6), reduced to 256 values, as `python -m analytics.studies.liminal words` makes it (the idea of
    static vectors from a sentence model is Model2Vec's, Tulkens & van Dongen 2024).
    """

    name = "words"

    def __init__(self, words, vectors, scale, weight):
        self.words, self.vectors, self.scale, self.weight = list(words), vectors, scale, weight
        self.index, self.dim = {word: i for i, word in enumerate(self.words)}, vectors.shape[1]

    def embed(self, texts):
        """(N, dim) float32; a text without a known word is a row of zeros."""
        out = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(out, texts, strict=True):
            known = [self.index[w] for w in WORDS.findall(text.lower().replace("’", "'")) if w in self.index]
            if known:
                chosen, count = np.unique(known, return_counts=True)
                share = count * self.weight[chosen].astype(np.float32)
                share /= np.sqrt(np.sum(share**2))
                row[:] = (share * self.scale[chosen]) @ self.vectors[chosen].astype(np.float32)
        return out

    def arrays(self):
        """What a model folder keeps of the table."""
        text = np.frombuffer("\n".join(self.words).encode(), np.uint8)
        return {"words": text, "word_vectors": self.vectors, "word_scale": self.scale, "word_weight": self.weight}

    @classmethod
    def from_arrays(cls, arrays):
        words = arrays["words"].tobytes().decode().split("\n")
        return cls(words, arrays["word_vectors"], arrays["word_scale"].astype(np.float32), arrays["word_weight"])


class Featurizer:
    """n-grams and an embedder, joined and read out by ridge regression.

    mean (dim,), scale (): sentence vectors are centred and scaled to mean square length 1; basis (dim, n_in) or None:
    their projection for the model; weights: three arrays (., 3), for word ngrams, character ngrams and sentence
    vectors; offset (3,): the mean PAD of the training sentences.
    """

    def __init__(self, embedder, ngrams, mean, scale, basis, weights, offset):
        self.embedder, self.ngrams, self.mean, self.scale = embedder, ngrams, mean, scale
        self.basis, self.weights, self.offset = basis, weights, offset

    @classmethod
    def fit(cls, texts, pad, embedder, n_in=256, seed=0, vectors=None):
        """Learn from texts (N) and pad (N, 3). Returns the Featurizer and priors (N, 3) for these very texts.

        Each of these priors comes from a regression on the four fifths that lack its text: a model trained on priors
        that have seen their labels would trust them too much. vectors: embedder.embed(texts), where already known.
        """
        vectors = embedder.embed(texts) if vectors is None else vectors
        ngrams = [NGrams.fit(texts, kind) for kind in SHARES]
        mean = vectors.mean(axis=0)
        scale = np.float32(1 / np.sqrt(np.mean(np.sum((vectors - mean) ** 2, axis=1))))
        basis = None
        if vectors.shape[1] > n_in:
            centred = (vectors - mean).astype(np.float64)
            basis = half(np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :n_in])
        offset = pad.mean(axis=0)
        featurizer = cls(embedder, ngrams, mean, scale, basis, None, offset)
        blocks, held_out = featurizer.blocks(texts, vectors), np.empty_like(pad)
        for fold in np.array_split(np.random.default_rng(seed).permutation(len(texts)), FOLDS):
            others = np.setdiff1d(np.arange(len(texts)), fold)
            weights = ridge([part(block, others) for block in blocks], pad[others] - offset, ALPHA)
            held_out[fold] = offset + sum(times(part(b, fold), w) for b, w in zip(blocks, weights, strict=True))
        featurizer.weights = [half(w) for w in ridge(blocks, pad - offset, ALPHA)]
        return featurizer, held_out.astype(np.float32)

    def blocks(self, texts, vectors=None):
        """Word ngrams, character ngrams (Sparse) and sentence vectors (N, dim), each with its share."""
        vectors = self.embedder.embed(texts) if vectors is None else vectors
        found = []
        for ngrams in self.ngrams:
            rows = ngrams.rows(texts)
            found.append(Sparse(rows.rows, rows.columns, rows.values * np.sqrt(SHARES[ngrams.kind]), rows.shape))
        return [*found, (vectors - self.mean) * self.scale]

    def __call__(self, texts, vectors=None):
        """Embedding (N, n_in), of about unit variance a value, and prior (N, 3), both float32."""
        blocks = self.blocks(texts, vectors)
        prior = self.offset + sum(times(block, w) for block, w in zip(blocks, self.weights, strict=True))
        dense = blocks[-1] if self.basis is None else blocks[-1] @ self.basis
        return (dense * np.sqrt(np.float32(dense.shape[1]))).astype(np.float32), prior.astype(np.float32)

    @property
    def n_in(self):
        return len(self.mean) if self.basis is None else self.basis.shape[1]

    def arrays(self):
        """What a model folder keeps, without the embedder's own files."""
        found = {"front_mean": self.mean, "front_scale": np.array(self.scale), "front_offset": self.offset,
                 "front_vector_W": self.weights[2]}
        if self.basis is not None:
            found["front_basis"] = self.basis.astype(np.float16)
        for ngrams, W in zip(self.ngrams, self.weights, strict=False):
            found |= {f"{ngrams.kind}_gram_hash": ngrams.hash, f"{ngrams.kind}_gram_idf": ngrams.idf.astype(np.float16),
                      f"{ngrams.kind}_gram_W": W.astype(np.float16)}
        return found

    @classmethod
    def from_arrays(cls, arrays, embedder):
        ngrams = [NGrams(kind, arrays[f"{kind}_gram_hash"], arrays[f"{kind}_gram_idf"].astype(np.float32))
                 for kind in SHARES]
        weights = [arrays[f"{kind}_gram_W"].astype(np.float32) for kind in SHARES] + [arrays["front_vector_W"]]
        basis = arrays["front_basis"].astype(np.float32) if "front_basis" in arrays else None
        return cls(embedder, ngrams, arrays["front_mean"], np.float32(arrays["front_scale"]), basis, weights,
                   arrays["front_offset"])


def half(values):
    """float32 values that 16 bits hold exactly: what is saved is what was used."""
    return values.astype(np.float16).astype(np.float32)


def part(block, chosen):
    """The chosen rows of a block."""
    return block.part(chosen) if isinstance(block, Sparse) else block[chosen]
