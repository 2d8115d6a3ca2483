"""The gradient of one weight over a small batch and the optimisers' steps from it, as the component shows them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain import arithmetic
from core.explain.arithmetic import OptimizerStep
from deployment.pages.lab.inside import unit, write
from deployment.pages.lab.inside.subject import Image, Subject, batch_digits


def for_browser(subject: Subject, image: Image, label: int, layer: int, i: int, j: int) -> dict[str, Any]:
    """The gradient of the weight from input i to unit j of a layer of units, over the image (28, 28) with the supposed
    label and the small batch. Displayed terms add up to the displayed gradient."""
    images, labels = batch_digits()
    X = np.concatenate([subject.input(image[None]), subject.input(images)])
    y = np.array([label, *labels])
    of = arithmetic.weight_gradient(subject.network, X, y, layer, i, j)
    decimals = write.decimals(of.terms, least=3)
    parts = arithmetic.shown(of.terms, of.gradient, len(y), decimals)
    texts = {n: write.decimal(term, decimals) for n, term in zip(parts.indices, parts.terms, strict=True)}
    most = float(np.abs(of.terms).max(initial=0)) or 1.0
    order = [*parts.indices, *(n for n in range(len(y)) if n not in texts)]
    rows = [{"image": write.pixels(image if n == 0 else images[n - 1]), "label": _sample(n, y),
             "a": write.number(float(of.inputs[n])), "delta": write.number(float(of.deltas[n])),
             "term": texts.get(n, write.decimal(0, decimals)), "size": float(of.terms[n]) / most} for n in order]
    origin = f"the pixel in {unit.pixel_name(i)}" if layer == 0 else f"unit {i}"
    to = write.of_unit(subject.layers[layer], subject.layers, j)
    lines = [("rounding", write.decimal(parts.rest, decimals), "")] if parts.rest else []
    plain = arithmetic.optimizer_step("sgd", of.weight, of.gradient, lr=subject.learning["lr"])
    adam = arithmetic.optimizer_step("adamw", of.weight, of.gradient, **subject.learning)
    return {"title": f"The weight from {origin} to {'the ' if to.startswith('logit') else ''}{to}: "
                     f"{write.number(of.weight, 4)}",
            "formula": "∂L/∂w = Σ<sub>n</sub> a<sub>n</sub> δ<sub>n</sub> / N",
            "words": f"The mean loss of {len(y)} images: your digit and eight of the training images. a is the input "
                     "that the weight multiplies, δ the derivative of an image's loss by the unit's sum.",
            "heads": ("", "image", "a", "δ", f"a δ / {len(y)}", ""), "rows": rows,
            "lines": [*lines, ("the gradient", write.decimal(parts.total, decimals), "total")],
            "steps": [{"name": "Plain gradient descent", "formula": _written(plain)},
                      {"name": "AdamW, its first step", "formula": _written(adam)}]}


def _sample(n: int, y: NDArray[np.integer]) -> str:
    return f"your digit, as a {y[0]}" if n == 0 else f"a {y[n]}"


def _written(step: OptimizerStep) -> str:
    """The formulas of a step with the values of their symbols, as HTML."""
    def symbols(text: str) -> str:
        for plain, shown in (("m^", "m̂"), ("v^", "v̂"), ("^t", "<sup>t</sup>"), ("beta", "β"), (" - ", " − ")):
            text = text.replace(plain, shown)
        return text

    values = "; ".join(f"{symbols(name)}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
                       f"{write.number(value, 4).replace(' ', chr(160)) if value % 1 else int(value)}"
                       for name, value in step.values.items())
    formulas = "<br>".join(symbols(formula) for formula in step.formulas)
    return f"{formulas}<br>{values}<br><b>w: {write.number(step.before, 6)} → {write.number(step.after, 6)}</b>"
