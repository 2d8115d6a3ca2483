"""One unit: its exact sum, what excites it, and where it leads to, as the component shows them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.explain import arithmetic, units
from core.explain.units import LayerInfo, UnitSum
from core.nn.layers import Sigmoid
from core.nn.network import Network
from deployment.pages.lab.inside import grids, write
from deployment.pages.lab.inside.subject import Image, Subject, test_digits

MOST_TERMS = 8
TARGETS = 8
TOP = 9  # test images
Rows = list[dict[str, Any]]


def for_browser(subject: Subject, image: Image, name: str, index: int,
                top: list[NDArray[np.int32]] | None) -> dict[str, Any]:
    """The unit `index` of the grid `name` for an image (28, 28). top: of core.explain.units.top_images, None if they
    are not known yet."""
    infos, network = subject.layers, subject.network
    if name == grids.INPUT:
        return _pixel(subject, image, index)
    layer = next(i for i, info in enumerate(infos) if info.name == _layer_of(name, infos))
    info = infos[layer]
    result = units.unit(network, subject.input(image[None])[0], layer, index)
    shown = {"sumTitle": _title(infos, layer, index, result), "words": _words(network, info, result),
             **total(network, infos, layer, result), "pictures": None}
    if layer == 0:
        shown["pictures"] = {"x": write.floats(image), "w": write.floats(result.weights),
                             "terms": write.floats(result.terms)}
    return shown | {"wants": _wants(subject, layer, index), **_leads(network, infos, layer, index),
                    "top": None if top is None else _top(subject, top[layer][index], layer, index)}


def total(network: Network, infos: list[LayerInfo], layer: int, result: UnitSum) -> dict[str, Any]:
    """The sum of a unit: its largest terms as rows, and the lines below; displayed numbers add up."""
    info = infos[layer]
    if not len(result.terms):  # a gate held at a fixed value
        assert result.gate is not None and result.ungated is not None
        return {"heads": ("", ""), "rows": [], "lines": [
            ("the unit before the gate", write.number(result.ungated), ""), ("times the gate, held at",
             write.number(result.gate), ""), ("after the gate", write.number(result.activation), "total")]}
    decimals = write.decimals([*result.terms, result.total], least=3)
    parts = arithmetic.shown(result.terms, result.total, MOST_TERMS, decimals, always=[result.bias])
    rows = term_rows(infos, layer, parts.indices, result.inputs, result.weights,
                     [write.decimal(term, decimals) for term in parts.terms], result.terms)
    lines = [(f"{parts.others:,} other terms", write.decimal(parts.rest, decimals), ""),
             ("the bias", write.decimal(parts.always[0], decimals), ""),
             ("the sum z" if info.kind != "logits" else "the logit", write.decimal(parts.total, decimals), "total")]
    if info.kind == "hidden" and isinstance(network.layers[info.output], Sigmoid):
        lines.append(("the activation, sigmoid(z)", write.number(result.activation), ""))
    elif info.kind == "hidden":
        lines.append(("the activation, max(z, 0)", write.decimal(max(parts.total, 0), decimals), ""))
    elif info.kind == "gated":
        assert result.gate is not None and result.ungated is not None
        lines += [("the gate g = sigmoid(z)", write.number(result.gate), ""),
                  ("the unit before the gate, h", write.number(result.ungated), ""),
                  ("after the gate, h · g", write.number(result.activation), "")]
    return {"heads": ("input", "weight"), "rows": rows, "lines": lines}


def term_rows(infos: list[LayerInfo], layer: int, indices: Sequence[int], inputs: NDArray[np.floating],
              weights: NDArray[np.floating], texts: list[str], terms: NDArray[np.floating]) -> Rows:
    """Rows of terms, each with the unit or pixel that it comes from. texts: the displayed terms."""
    most = float(np.abs(terms).max(initial=0)) or 1.0
    origin = grids.INPUT if layer == 0 else infos[layer - 1].name
    return [{"from": (origin, i), "label": pixel_name(i) if layer == 0 else f"unit {i}", "x": write.number(inputs[i]),
             "w": write.number(weights[i]), "weight": i, "term": text, "size": float(terms[i]) / most}
            for i, text in zip(indices, texts, strict=True)]


def pixel_name(index: int) -> str:
    """A pixel by row and column, counted from 1."""
    return f"row {index // 28 + 1}, column {index % 28 + 1}"


def _layer_of(name: str, infos: list[LayerInfo]) -> str:
    """The layer whose unit a grid shows."""
    gate = next((info.name for info in infos if info.kind == "gated"), name)
    return {grids.GATE: gate, grids.PROBS: infos[-1].name}.get(name, name)


def _title(infos: list[LayerInfo], layer: int, index: int, result: UnitSum) -> str:
    return f"{write.of_unit(infos[layer], infos, index).capitalize()}: {write.number(result.activation)}"


def _words(network: Network, info: LayerInfo, result: UnitSum) -> str:
    many = f"{len(result.terms):,}"
    if info.kind == "gated":
        return (f"Its gate is the sigmoid of a sum of {many} products and a bias; the unit is multiplied by it."
                if len(result.terms) else "The gate of this network is held at a fixed value.")
    if info.kind == "logits":
        return f"A sum of {many} products and a bias: the evidence for this digit."
    end = "What is below 0 becomes 0." if not isinstance(network.layers[info.output], Sigmoid) else (
        "The sigmoid maps it to a value between 0 and 1.")
    return f"A sum of {many} products, input times weight, and a bias. {end}"


def _wants(subject: Subject, layer: int, index: int) -> dict[str, str]:
    low, high = subject.input_range
    change = _wanted(subject.key, layer, index, subject.network, (low + high) / 2)
    how = ("The weights themselves: orange where ink raises the sum, blue where it lowers it." if layer == 0 else
           "By gradient ascent from a grey picture: orange where more ink raises it, blue where less does.")
    return {"values": write.floats(change), "words": how}


@st.cache_resource(max_entries=256, show_spinner=False)
def _wanted(key: str, layer: int, index: int, _network: Network, grey: float) -> NDArray[np.floating]:
    return units.wants(_network, layer, index, grey)


def _leads(network: Network, infos: list[LayerInfo], layer: int, index: int) -> dict[str, Any]:
    targets = units.leads_to(network, layer, index, TARGETS)
    if targets.layer is None:
        return {"leads": [], "leadsTo": ""}
    return _buttons(infos, targets.layer, targets.indices, targets.weights)


def _buttons(infos: list[LayerInfo], layer: int, indices: NDArray[np.integer],
             weights: NDArray[np.floating]) -> dict[str, Any]:
    info = infos[layer]
    name = grids.GATE if info.kind == "gated" else info.name
    label = "logit" if info.kind == "logits" else "unit"
    to = {"gated": "the gate", "logits": "the logits"}.get(info.kind, write.title(info, infos).lower())
    return {"leadsTo": to, "leads": [
        {"to": (name, int(i)), "label": f"{label} {i}", "weight": write.number(float(w)), "minus": bool(w < 0)}
        for i, w in zip(indices, weights, strict=True)]}


def _top(subject: Subject, indices: NDArray[np.int32], layer: int, index: int) -> Rows:
    """The test images of these indices, with the unit's activation, as far as it is not 0."""
    images, labels = test_digits()
    reading = subject.network.read(subject.input(images[indices]))
    values = [*reading.hidden, reading.logits][layer][:, index]
    return [{"image": write.pixels(images[i]), "label": int(labels[i]), "value": write.number(float(value))}
            for i, value in zip(indices, values, strict=True) if value]


def _pixel(subject: Subject, image: Image, index: int) -> dict[str, Any]:
    infos = subject.layers
    both = units.weights(subject.network, infos[0])
    assert both is not None, "the first layer is no gate"
    outgoing = both[0][index]
    chosen = np.argsort(-np.abs(outgoing), kind="stable")[:TARGETS]
    value = float(subject.input(image[None])[0, index])
    return {"sumTitle": f"The pixel in {pixel_name(index)}: {write.number(value)}", "rows": [],
            "words": "An input is not computed: it is the ink at this place, 0 for none, 1 for full.",
            "lines": [("the network's input", write.number(value), "total")], "pictures": None, "wants": None,
            **_buttons(infos, 0, chosen, outgoing[chosen])}
