"""Extreme settings, damaged CSV files and EmoBank files: an error message, or training with finite weights."""

import tempfile
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np

from analytics.torture.mutate import mutated
from analytics.torture.operations import prepare
from analytics.torture.trials import Trial
from core.digits.config import Config
from core.digits.data import DataError, read_csv
from core.digits.task import DigitTask
from core.nn.training import fit
from core.text.config import TextConfig
from core.text.data.emobank import TextDataError, load_emobank

VALUES = ("", "0", "1", "-1", "2", "0.5", "0.999999", "1e-300", "1e30", "1e308", "1e999", "nan", "inf", "-inf",
          "99999999", "true", "false", "none", "7,7", "0,0", "1,0", "-1,1", "512,,", "1e3", "0x10", "½", "adam", "sgd",
          "all", "best", "sigmoid", "x" * 9999, "10" * 3000, "\0", "a=b", "16", "3", "100", ",".join("123456789" * 2))
SMALL = Config(hidden=(8,), epochs=1, batch_size=64)
MOST_WORK = 5_000_000  # weights times epochs: larger networks are not trained


def settings(rng: np.random.Generator, number: int) -> Trial | str:
    """One or two settings as --set parses them; accepted ones train a small network for an epoch."""
    kind = Config if rng.random() < 0.8 else TextConfig
    names = [*(field.name for field in fields(kind)), "colour"]
    texts = [f"{name}={value(kind, name, rng)}" for name in rng.choice(names, rng.integers(1, 3))]
    try:
        config = (SMALL if kind is Config else kind()).replace(**kind.parse(texts))
    except ValueError as error:
        named = any(text.partition("=")[0] in str(error) for text in texts)
        return "refused" if named else Trial("refused", f"{texts} refused without its name: {str(error)[:100]}")
    if not isinstance(config, Config):
        return "accepted"
    weights = sum(a * b for a, b in zip((784, *config.hidden), (*config.hidden, 10), strict=True))
    if weights * config.epochs > MOST_WORK or config.csv:
        return "accepted, not trained"
    parts = prepare()
    try:
        task = DigitTask(config, parts["train"].part(slice(0, 128)), parts["validation"].part(slice(0, 50)))
        with np.errstate(all="ignore"):
            fit(task, config)
            assert task.validation is not None
            logits = task.finished().logits(task.validation[0])
    except FloatingPointError as error:
        return "accepted, divergence reported" if "--lr" in str(error) else Trial("diverged", str(error))
    if not (np.isfinite(task.theta).all() and np.isfinite(logits).all()):
        return Trial("trained", f"{texts}: non-finite weights")
    return "trained"


def value(kind: type[Config] | type[TextConfig], name: str, rng: np.random.Generator) -> str:
    """A value of VALUES, a valid choice, or a number inside or just outside the range of the setting."""
    if name in kind.CHOICES and rng.random() < 0.5:
        return rng.choice(kind.CHOICES[name])
    if name not in kind.RANGES or rng.random() < 0.4:
        return VALUES[rng.integers(len(VALUES))]
    low, high = (float(end) for end in kind.RANGES[name][1:-1].split(","))
    default = getattr(kind(), name)
    whole = isinstance(default[0] if isinstance(default, tuple) else default, int)
    drawn = rng.choice([low, high, low - 1, high + 1, (low + high) / 2, low + 1e-3 * (high - low)])
    text = str(int(drawn)) if whole else repr(float(drawn))
    return ",".join([text] * len(default)) if isinstance(default, tuple) else text


@cache
def tables() -> dict[Callable, bytes]:
    """{reader: bytes} of a small CSV of digits and a small synthetic EmoBank."""
    images = prepare()["train"]
    rows = [",".join(map(str, [y, *X.ravel()])) for X, y in zip(images.X[:6], images.y[:6], strict=True)]
    words = [f"d_{i}_{i + 9},{('train', 'dev', 'test')[i % 3]},{1 + i / 5},3.0,{5 - i / 5},\"Text, number {i}.\""
             for i in range(20)]
    return {read_csv: ("\n".join(["label", *rows]) + "\n").encode(),
            load_emobank: ("\n".join(["id,split,V,A,D,text", *words]) + "\n").encode()}


def table(rng: np.random.Generator, number: int) -> Trial | str:
    """Read one damaged CSV file, of digits or in the format of EmoBank."""
    read, refusal = [(read_csv, DataError), (load_emobank, TextDataError)][rng.integers(2)]
    with tempfile.TemporaryDirectory() as base:
        path = Path(base) / "mine.csv"
        path.write_bytes(mutated(tables()[read], rng))
        try:
            content = read(path)
        except refusal as error:
            return "refused" if "mine.csv" in str(error) else Trial("refused", f"names no file: {str(error)[:200]}")
    numbers = content[0] if read is read_csv else content.pad
    return "read" if len(numbers) and np.isfinite(numbers).all() else Trial("read", "empty or non-finite")
