"""Explanations of a Prediction -> HTML for the section "Why". Pure functions without Streamlit."""

import html

import numpy as np
from numpy.typing import NDArray

from core.explain.counterfactual import Counterfactual
from core.formats import percent
from deployment.reader.wording import a
from deployment.ui.html import block, png_uri, tile
from deployment.ui.palette import BLUE, ORANGE, loss_gain

PAPER, INK = 246, 150  # grey levels of the digit under the colours
METHODS = {  # method -> name, description
    "integrated_gradients": ("Integrated gradients", "What each pixel adds to the logit margin of the answer, summed "
                             "along a path from blank paper to this picture. In nats."),
    "gradient_x_input": ("Gradient × input", "Each pixel times the gradient of the logit margin at this picture. Fast "
                         "and local; the sum has no meaning. In nats."),
    "occlusion": ("Occlusion", "How much the probability of the answer falls when a patch of 4 × 4 pixels is blanked; "
                  "in the second picture, how much it rises. In percentage points."),
}


def over_ink(image: NDArray, values: NDArray) -> NDArray[np.uint8]:
    """An image (28, 28) in [0, 1] as grey ink, with values (28, 28) in [-1, 1] over it: uint8 (28, 28, 3).

    Blue below 0 and orange above.
    """
    grey = (PAPER - (PAPER - INK) * np.clip(image, 0, 1))[..., None]
    strength = np.clip(np.abs(values), 0, 1)[..., None] ** 0.7
    return np.round((1 - strength) * grey + strength * loss_gain(np.sign(values))).astype(np.uint8)


def ink(image: NDArray, values: NDArray, digit: int, against: int, method: str) -> str:
    """Two pictures: the ink that is evidence for `digit` and that for `against`; values (28, 28) signed."""
    reach = float(np.abs(values).max()) or 1.0
    figures = []
    for sign, of, colour in ((1, digit, ORANGE), (-1, against, BLUE)):
        part = np.maximum(sign * values, 0)
        if method == "occlusion":
            title = f"Needed for the {of}" if sign > 0 else f"In the way of the {digit}"
            note = f"at most {100 * part.max():.1f} points"
        else:
            title, note = f"Evidence for {of}", f"together {part.sum():.1f} nats"
        figures.append(_figure(title, over_ink(image, sign * part / reach), note, f"{title}: {note}", colour))
    how = f"{METHODS[method][1]} Both pictures have the same scale; stronger colours count more."
    return block(f"The ink that counts: {digit} against {against}", how, _figures(figures, "q-pair"), "why-ink")


def change(before: NDArray, after: NDArray, counterfactual: Counterfactual) -> str:
    """Before, after and difference of a counterfactual; before, after (28, 28) in [0, 1]."""
    to = a(counterfactual.to)
    if counterfactual.succeeded:
        read = f"read as {to}"
        how = (f"<b>{_pixels(counterfactual.ink)}</b> would make it {to}, without test-time augmentation. The less it "
               "takes, the less certain the answer. A smaller change may exist.")
    else:
        read = f"not read as {to}"
        how = f"No small change makes it {to}; the pictures show how far the search came."
    moved = after - before
    added, removed = float(np.maximum(moved, 0).sum()), float(np.maximum(-moved, 0).sum())
    note = f"added {added:.1f}, removed {removed:.1f}"
    reach = float(np.abs(moved).max()) or 1.0
    blank = np.zeros_like(before)
    figures = [_figure("Before", over_ink(before, blank), "as the network sees it", "The digit before the change"),
               _figure("After", over_ink(after, blank), read, f"The digit after the change, {read}"),
               _figure("Difference", over_ink(before, moved / reach), note,
                       f"The difference: orange ink added, blue ink removed; {note}")]
    return block(f"The smallest change to {to}", how, _figures(figures, "q-trio"), "why-change")


def _pixels(ink: float) -> str:
    words = f"{ink:.1f}" if ink >= 0.05 else "Less than 0.1"
    return f"{words} pixel{'’s' if words == '1.0' else 's’'} worth of ink"


def neighbours(images: NDArray, similarity: NDArray, labels: NDArray, among: int) -> str:
    """The nearest of `among` training images: (n, 28, 28) uint8, similarity (n,), labels (n,), nearest first."""
    tiles = "".join(
        tile(png_uri(image), f"<b>{label}</b>", f"{like:.3f}",
             f"Training digit labelled {label}, similarity {like:.3f}")
        for image, like, label in zip(images, similarity, labels, strict=True)
    )
    how = (f"The nearest of {among:,} training digits in the last hidden layer, with label and cosine similarity "
           "(at most 1). Different labels are a sign of doubt.")
    return block("The most alike training digits", how, f'<div class="q-tiles">{tiles}</div>', "why-neighbours")


def missing_neighbours(sentence: str) -> str:
    """The block of neighbours with a sentence on why they are missing."""
    return block("The most alike training digits", html.escape(sentence), "", "why-neighbours")


def layers(known: list[dict]) -> str:
    """The nearest digit in each hidden layer, from core.explain.probe.probe_layers, the gated layer last."""
    rows = []
    for number, layer in enumerate(known, 1):
        name = "After the gate" if layer.get("gated") else f"Layer {number}"
        share = float(layer["probs"].max())
        rows.append(
            f'<tr><th scope="row">{name}</th><td><b>{layer["digit"]}</b></td><td aria-hidden="true">'
            f'<div class="q-track"><span class="q-fill" style="width:{100 * share:.1f}%"></span></div></td>'
            f"<td>{html.escape(percent(share))}</td><td>{100 * layer['active']:.0f} %</td></tr>"
        )
    how = ("The digit with the nearest class mean in each layer, and its probability by distance alone. Active: units "
           "with more than 1 % of the layer's largest activation.")
    table = ('<table class="q-bars q-layers"><thead><tr><th scope="col">Layer</th><th scope="col">Digit</th>'
             '<td aria-hidden="true"></td><th scope="col">Share</th><th scope="col">Active</th></tr></thead>'
             f"<tbody>{''.join(rows)}</tbody></table>")
    return block("What each layer knows already", how, table, "why-layers")


def _figures(figures: list[str], kind: str) -> str:
    return f'<div class="{kind}">{"".join(figures)}</div>'


def _figure(title: str, pixels: NDArray, note: str, alt: str, colour: str | None = None) -> str:
    mark = f'<span class="q-dot" style="background:{colour}"></span>' if colour else ""
    return (f'<figure><p>{mark}{title}</p><img class="q-pixels" src="{png_uri(pixels)}" alt="{alt}">'
            f'<figcaption class="q-quiet">{note}</figcaption></figure>')
