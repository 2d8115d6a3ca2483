"""The paired study: arms of equal size, intervals as worked by hand."""

import numpy as np
import pytest

from analytics.studies.gate import ARMS, paired_interval, table
from core.digits.config import Config
from core.nn.losses import confusion, softmax_cross_entropy
from core.nn.network import build_network


def test_dense_arm_has_exactly_the_parameters_of_the_gate():
    sizes = {arm: build_network(Config(**settings)).theta.size for arm, settings in ARMS.items()}
    assert sizes["gate"] == sizes["dense"] > sizes["none"]


def test_paired_interval_by_hand():
    """Differences 1, 2, 3: mean 2, standard deviation 1, t(2) = 4.303, half width 4.303 / sqrt 3."""
    mean, low, high = paired_interval([2, 4, 6], [1, 2, 3])
    assert (mean, low, high) == pytest.approx((2, 2 - 2.4843, 2 + 2.4843), abs=1e-3)


def test_table_names_a_difference_only_where_the_interval_excludes_zero():
    def runs(values):
        return {str(i): {"accuracy": v, "log_loss": 0.1 + v / 1e4, "auroc": 0.9, "parameters": 5}
                for i, v in enumerate(values)}

    results = {arm: runs([98.0, 98.1, 98.2]) for arm in ARMS} | {"gate": runs([99.0, 99.1, 99.21])}
    rows = {line.split("|")[1].strip(): line for line in table(results).splitlines() if " less " in line}
    assert "gate is more accurate" in rows["gate less none"]
    assert "no difference" in rows["none + attention less none"]


def test_attention_weighs_confusing_samples_more_and_keeps_the_mean():
    logits, y = np.array([[4.0, 0.0], [0.0, 0.0], [0.0, 2.0]]), np.array([0, 0, 0])
    weight = confusion(logits, y, 1.0)
    assert weight.mean() == pytest.approx(1)
    assert weight[0] < weight[1] < weight[2]
    plain, weighted = (softmax_cross_entropy(logits, y, 0.0, w)[0] for w in (None, weight))
    assert weighted > plain
