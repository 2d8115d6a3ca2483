"""Every layer as a grid of its activations for one digit."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain.arithmetic import ForwardPass
from core.explain.units import LayerInfo
from deployment.pages.lab.inside import write

INPUT, GATE, PROBS, BACK = "input", "gate_values", "probs", "back_"  # names of grids beside those of the layers
Values = NDArray[np.floating]


def for_browser(passed: ForwardPass, image: Values, changed: dict[str, list[int]]) -> list[dict[str, Any]]:
    """The grids of a forward pass, from the picture to the probabilities. changed: units under surgery, by layer."""
    infos = [step.layer for step in passed.steps]
    ink = int((image > 0).sum())
    grids = [_grid(INPUT, "The picture", f"{ink} pixels with ink", image.ravel(), "grey", unit="pixel",
                   legend="White is ink.")]
    for step in passed.steps:
        info, values = step.layer, step.values
        name = write.title(info, infos)
        if step.gate is not None:
            grids.append(_grid(GATE, "The gate", f"mean {step.gate.mean():.2f}", step.gate, "heat",
                               scale=1.0, unit="gate of unit", legend="Yellow is open (1), dark blue shut (0)."))
        if info.kind == "logits":
            grids.append(_grid(info.name, "Logits", "10 sums", values, "signed", unit="logit of", cut=True,
                               legend="Evidence for each digit."))
            continue
        signed = bool((values < 0).any())
        active = int((values > 0).sum())
        grids.append(_grid(info.name, name, f"{info.size:,} units, {active:,} active", values,
                           "signed" if signed else "heat", unit="unit", cut=True, changed=changed.get(info.name, []),
                           legend="Yellow is active, dark blue is 0."))
    grids.append(_grid(PROBS, "Probabilities", "softmax of the logits", passed.probs, "heat", scale=1.0,
                       unit="probability of", texts=[f"{100 * p:.2f} %" for p in passed.probs],
                       legend="They add up to 1."))
    return grids


def backward(deltas: dict[str, Values], infos: list[LayerInfo]) -> list[dict[str, Any]]:
    """The derivatives of the loss by the sums of each layer, as grids that only the steps show."""
    return [_grid(BACK + info.name, f"The loss by {_plural(info, infos)}", "", deltas[info.name], "signed", unit="unit",
                  hidden=True, of=info.name, legend="Orange: a larger sum raises the loss. Blue: it lowers the loss.")
            for info in infos if info.name in deltas]


def _plural(info: LayerInfo, infos: list[LayerInfo]) -> str:
    sums = {"hidden": f"the sums of hidden layer {infos.index(info) + 1}", "gated": "the sums of the gate",
            "logits": "the logits"}
    return sums[info.kind]


def _grid(name: str, title: str, note: str, values: Values, colours: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "title": title, "note": note, "size": len(values), "values": write.floats(values),
            "columns": 28 if name == INPUT else math.ceil(math.sqrt(len(values))), "colours": colours,
            "best": int(np.argmax(values)), **more}
