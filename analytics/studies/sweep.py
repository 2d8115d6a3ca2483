"""A grid search over the settings of a preset as a study: one arm per combination, evaluated on validation only."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from analytics.studies.runs import Row, Table, code_version
from core.digits.config import Config
from core.digits.presets import PRESETS
from core.shipped import data

TABLE = data("runs/studies.parquet")


def add_sweep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sweep", nargs="+", action="append", default=[], metavar=("SETTING", "VALUE"),
                        help="a setting of the preset and its values; widths of hidden layers with commas. "
                        "Repeatable: every combination is run")


def swept(preset: str, sweeps: Sequence[Sequence[str]]) -> "Sweep":
    """The Sweep for --sweep options, each a list of a setting's name and its values as text.

    Raises ValueError that names an unknown setting or an invalid value.
    """
    values = {}
    for name, *texts in sweeps:
        if not texts:
            raise ValueError(f"--sweep {name} names no value; write --sweep {name} VALUE [VALUE ...]")
        if name in values:
            raise ValueError(f"--sweep {name} was given twice; list all values after one --sweep {name}")
        values[name] = texts
    arms = {}
    for texts in product(*values.values()):
        changes = [f"{name}={text}" for name, text in zip(values, texts, strict=True)]
        arms[" ".join(changes) or "as it is"] = PRESETS[preset].replace(**Config.parse(changes, "--sweep"))
    return Sweep(preset, arms)


@dataclass(frozen=True)
class Sweep:
    """name: the preset's name; configs: {arm: Config}."""

    name: str
    configs: Mapping[str, Config]
    table = TABLE
    modules = ("core.nn", "core.digits", "core.metrics", "core.settings", "analytics.studies.sweep")

    def cells(self, seeds: int | None = None) -> list[tuple[str, str, int]]:
        return [(self.name, arm, seed) for seed in range(seeds or 1) for arm in self.configs]

    def run(self, regime: str, arm: str, seed: int) -> Mapping[str, Any]:
        """Train one arm and evaluate it on validation; the test images are not read."""
        from core.digits.task import DigitTask, load_parts
        from core.nn.training import fit

        config = self.configs[arm].replace(seed=seed)
        parts = load_parts(config)
        task = DigitTask(config, parts["train"], parts["validation"])
        history = fit(task, config).history
        scores = task.evaluate()
        return {"settings": repr(config.to_dict()), "parameters": int(task.theta.size),
                "epochs": len(history["loss"]), "val_accuracy": scores["val_accuracy"], "val_loss": scores["val_loss"]}

    def summary(self, table: Table) -> str:
        """Markdown: the finished arms, the best on validation first."""
        finished = table.of(self.name, code_version(self.modules))
        rows = {arm: [row for row in finished if row["arm"] == arm] for arm in self.configs}
        lines = ["| settings | runs | parameters | validation % (mean ± sd) | loss |", "|---|---|---|---|---|"]
        for arm in sorted((arm for arm in rows if rows[arm]), key=lambda arm: -mean(rows[arm], "val_accuracy")):
            accuracy = [100 * row["val_accuracy"] for row in rows[arm]]
            spread = f" ± {np.std(accuracy, ddof=1):.2f}" if len(accuracy) > 1 else ""
            lines.append(f"| {arm} | {len(accuracy)} | {rows[arm][0]['parameters']:,} | "
                         f"{np.mean(accuracy):.2f}{spread} | {mean(rows[arm], 'val_loss'):.4f} |")
        return "\n".join(lines)


def mean(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([row[name] for row in rows]))
