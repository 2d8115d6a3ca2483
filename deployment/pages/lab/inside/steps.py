"""The steps of a network forward to softmax and loss and back to the gradients: titles, formulas and sentences."""

from dataclasses import dataclass
from typing import Any

from core.explain.units import LayerInfo
from core.nn.gate import EmotionalGate
from core.nn.layers import Sigmoid
from core.nn.network import Network
from deployment.pages.lab.inside import grids, write


@dataclass(frozen=True)
class Step:
    """A step: grid: what is shown beside it; formula: HTML; layer: the position of its layer of units, None for the
    others; back: whether it belongs to the way back; kind: "softmax", "loss" or ""."""

    title: str
    grid: str
    formula: str
    words: str
    layer: int | None = None
    back: bool = False
    kind: str = ""

    def for_browser(self) -> dict[str, Any]:
        """The step as JSON."""
        return {"title": self.title, "grid": self.grid, "formula": self.formula, "words": self.words, "back": self.back,
                "asksLabel": self.kind == "loss" or self.back}


def steps(network: Network, infos: list[LayerInfo]) -> list[Step]:
    """All steps of a network, from the picture to the loss and back to the first layer."""
    forward = [Step("The picture", grids.INPUT, "x = ink / 255", "Each pixel is one input: 0 without ink, 1 with full "
                    "ink.")]
    back: list[Step] = []
    for layer, info in enumerate(infos):
        if info.kind == "gated":
            forward += _gate(info, layer)
            if isinstance(network.layers[info.product], EmotionalGate):
                back.append(_gate_back(info, layer))
        elif info.kind == "hidden":
            is_sigmoid = isinstance(network.layers[info.output], Sigmoid)
            forward.append(_hidden(info, layer, write.title(info, infos), is_sigmoid))
            back.append(_hidden_back(info, layer, write.title(info, infos), is_sigmoid))
        else:
            forward.append(Step("Logits", info.name, "z = h W + b", "Ten sums: the evidence for each digit.", layer))
            back.append(Step("Back: the logits", grids.BACK + info.name, "δ = ∂L/∂z = p − y, &ensp; ∂L/∂W = "
                             "h<sup>T</sup> δ", "Softmax and loss together have a simple derivative: the answer minus "
                             "the truth.", layer, True))
    ends = [Step("Softmax", grids.PROBS, "p = exp(z − max z) / Σ exp(z − max z)", "The logits become ten shares of 1.",
                 kind="softmax"),
            Step("Loss", grids.PROBS, "", "The cross-entropy in nats: 0 if the label has the probability 1.",
                 kind="loss")]
    return [*forward, *ends, *reversed(back)]


def _gate(info: LayerInfo, layer: int) -> list[Step]:
    return [Step("The gate", grids.GATE, "g = sigmoid(h W<sub>g</sub> + b<sub>g</sub>)", "Each unit of the last hidden "
                 "layer gets a factor between 0 and 1, computed from all of them.", layer),
            Step("After the gate", info.name, "h · g", "Each unit is multiplied by its gate.", layer)]


def _gate_back(info: LayerInfo, layer: int) -> Step:
    return Step("Back: the gate", grids.BACK + info.name, "∂L/∂W<sub>g</sub> = h<sup>T</sup> δ<sub>g</sub>, &ensp; "
                "δ<sub>g</sub> = ∂L/∂(h g) · h g (1 − g)", "Through the product and the sigmoid.", layer, True)


def _hidden(info: LayerInfo, layer: int, name: str, is_sigmoid: bool) -> Step:
    activation = "sigmoid(z)" if is_sigmoid else "max(z, 0)"
    return Step(name, info.name, f"z = {'h' if layer else 'x'} W + b, &ensp; h = {activation}",
                "Each unit adds up all inputs, each times a weight, and its bias.", layer)


def _hidden_back(info: LayerInfo, layer: int, name: str, is_sigmoid: bool) -> Step:
    slope, end = ("h (1 − h)", ".") if is_sigmoid else ("[z &gt; 0]", "; a unit at 0 passes nothing.")
    formula = (f"∂L/∂W = {'h' if layer else 'x'}<sup>T</sup> δ, &ensp; δ = "
               f"(δ<sub>next</sub> W<sub>next</sub><sup>T</sup>) · {slope}")
    return Step(f"Back: {name.lower()}", grids.BACK + info.name, formula,
                f"The derivatives of the layer above pass back through its weights{end}", layer, True)
