"""The numbers of one step forward or back, as the component shows them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain import arithmetic, units
from core.explain.arithmetic import ForwardPass
from core.explain.units import LayerInfo, UnitSum
from core.nn.gate import EmotionalGate
from core.nn.losses import softmax
from core.nn.network import Network
from deployment.pages.lab.inside import grids, unit, weight, write
from deployment.pages.lab.inside.steps import steps
from deployment.pages.lab.inside.subject import Image, Subject
from deployment.pages.lab.inside.view import View

Values = NDArray[np.floating]
MOST_GRADIENTS = 8


def for_browser(subject: Subject, image: Image, passed: ForwardPass, label: int, view: View) -> dict[str, Any]:
    """The steps, and the numbers of the view's step for an image (28, 28). label: that the loss assumes.

    Of the result, "grids" are further grids, and "layer" and "unit", where they are given, the selected unit.
    """
    infos, network = subject.layers, subject.network
    every = steps(network, infos)
    now, deltas = every[view.step], deltas_of(network, passed.x, label)
    shown: dict[str, Any] = {"steps": [step.for_browser() for step in every], "step": view.step, "suppose": label,
                             "grids": grids.backward(deltas, infos), "weight": None}
    numbers = shown["steps"][view.step]
    if now.kind == "softmax":
        numbers["table"] = _softmax(passed)
    elif now.kind == "loss":
        numbers["formula"] = _loss(passed, label)
    if now.layer is None:
        return shown
    info, values = infos[now.layer], passed.steps[now.layer].values
    same = view.layer in (info.name, now.grid, grids.GATE if info.kind == "gated" else "")
    chosen = view.unit
    if not same or chosen is None or chosen >= info.size:
        chosen = int((np.abs(deltas[info.name]) if now.back else values).argmax())
    result = units.unit(network, passed.x, now.layer, chosen)
    of = write.of_unit(info, infos, chosen)
    shown |= {"layer": info.name if now.back else now.grid, "unit": chosen}
    if not now.back:
        numbers["sum"] = {"sumTitle": f"{of.capitalize()}: {write.number(result.activation)}",
                          **unit.total(network, infos, now.layer, result)}
        return shown
    numbers["sum"] = _gradients(infos, now.layer, of, result, float(deltas[info.name][chosen]))
    if view.weight is not None and view.weight < len(result.terms):
        shown["weight"] = weight.for_browser(subject, image, label, now.layer, view.weight, chosen)
    return shown


def deltas_of(network: Network, x: Values, label: int) -> dict[str, Values]:
    """The derivatives of the loss by the sums of each layer of units with weights, by name, for one input (784,)."""
    logits, caches = network.forward(x[None])
    dy: Any = softmax(logits)
    dy[0, label] -= 1
    infos, deltas = {info.product: info for info in units.layers(network)}, {}
    for k in reversed(range(len(network.layers))):
        layer = network.layers[k]
        if k in infos and isinstance(layer, EmotionalGate):
            h, g = caches[k]
            deltas[infos[k].name] = (dy * h * g * (1 - g))[0]
        elif k in infos and layer.shapes:
            deltas[infos[k].name] = dy[0]
        dy = layer.backward(network.params[k], dy, caches[k], None)
    return deltas


def _softmax(passed: ForwardPass) -> dict[str, Any]:
    """A row for each digit. Displayed exponentials add up to the displayed sum."""
    total = arithmetic.shown(passed.exponentials, passed.normaliser, len(passed.exponentials), 6)
    exponentials = {i: total.text(term) for i, term in zip(total.indices, total.terms, strict=True)}
    rows = [[str(i), write.number(float(passed.logits[i]), 4), write.number(float(passed.shifted[i]), 4),
             exponentials.get(i, total.text(0)), f"{100 * p:.4f} %"] for i, p in enumerate(passed.probs)]
    rows.append(["sum", "", "", total.text(total.total - total.rest), "100 %"])
    return {"names": ("digit", "logit z", "z − max z", "exp(z − max z)", "probability p"), "rows": rows,
            "best": int(passed.probs.argmax())}


def _loss(passed: ForwardPass, label: int) -> str:
    p, loss = float(passed.probs[label]), float(np.log(passed.normaliser) - passed.shifted[label])
    return f"L = −ln p<sub>{label}</sub> = −ln {write.number(p, 4)} = {write.number(loss, 4)}"


def _gradients(infos: list[LayerInfo], layer: int, of: str, result: UnitSum, delta: float) -> dict[str, Any]:
    """The weights of a unit with the largest gradients for this digit."""
    gradients = result.inputs * delta
    chosen = [int(i) for i in np.argsort(-np.abs(gradients), kind="stable")[:MOST_GRADIENTS] if gradients[i]]
    rows = unit.term_rows(infos, layer, chosen, result.inputs, result.weights,
                          [write.number(float(gradients[i])) for i in chosen], gradients)
    lines = [(f"δ of {of}", write.number(delta), "total")]
    if not chosen:
        lines.append(("so no weight of it changes", "0", ""))
    return {"sumTitle": f"{of.capitalize()}: its weights with the largest gradients a · δ for this digit",
            "heads": ("input a", "weight"), "rows": rows, "lines": lines}
