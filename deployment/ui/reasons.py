"""Reasons -> HTML for the section "Why". Pure functions, as in `deployment.ui.html`: no prediction, no Streamlit."""

import html

import numpy as np

from core.formats import percent
from deployment.reader.wording import a
from deployment.ui.html import block, png_uri, tile
from deployment.ui.palette import BLUE, ORANGE, loss_gain

PAPER, INK = 246, 150  # greys of a digit that colours lie upon
METHODS = {  # method -> its name, and what it says in one line
    "integrated_gradients": ("Integrated gradients", "What each pixel adds to the lead on the way from blank paper to "
                             "this picture; all pixels together make the whole lead over blank paper. In nats."),
    "gradient_x_input": ("Gradient × input", "Each pixel times the slope of the lead at this very picture: quick and "
                         "local, and its sum means nothing in particular. In nats."),
    "occlusion": ("Occlusion", "How far the probability of the answer falls when a patch of 4 × 4 pixels is blanked; "
                  "in the second picture it rises. In percentage points."),
}


def over_ink(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    """An image (28, 28) in [0, 1] as grey ink on paper, with values (28, 28) in [-1, 1] over it: uint8 (28, 28, 3).

    Blue below 0 and orange above, the stronger the less grey.
    """
    grey = (PAPER - (PAPER - INK) * np.clip(image, 0, 1))[..., None]
    strength = np.clip(np.abs(values), 0, 1)[..., None] ** 0.7
    return np.round((1 - strength) * grey + strength * loss_gain(np.sign(values))).astype(np.uint8)


def ink(image: np.ndarray, values: np.ndarray, digit: int, against: int, method: str) -> str:
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
    how = f"{METHODS[method][1]} Both pictures have one scale; the stronger the colour, the more the ink counts."
    return block(f"The ink that counts: {digit} against {against}", how, _figures(figures, "q-pair"), "why-ink")


def change(before: np.ndarray, after: np.ndarray, found) -> str:
    """Before, after and difference of core.explain.counterfactual.Counterfactual `found`; before, after (28, 28) in [0,
    1]."""
    to = a(found.to)
    if found.succeeded:
        read = f"read as {to}"
        how = (f"<b>{_pixels(found.ink)}</b> would make it {to} at this network's first look. The less it takes, the "
               "nearer the answer is to another one. An upper bound: a still smaller change may exist.")
    else:
        read = f"not read as {to}"
        how = f"No small change was found that would make it {to}; the pictures show how far the search came."
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


def neighbours(images: np.ndarray, similarity: np.ndarray, labels: np.ndarray, among: int) -> str:
    """The most alike of `among` training images: (n, 28, 28) uint8, similarity (n,), labels (n,), most alike first."""
    tiles = "".join(
        tile(png_uri(image), f"<b>{label}</b>", f"{like:.3f}",
             f"Training digit labelled {label}, similarity {like:.3f}")
        for image, like, label in zip(images, similarity, labels, strict=True)
    )
    how = (f"Of {among:,} training digits those that the last hidden layer sees most alike, with label and similarity: "
           "the cosine of the angle between the two patterns, 1 at most. Labels that disagree are a sign of doubt.")
    return block("The most alike training digits", how, f'<div class="q-tiles">{tiles}</div>', "why-neighbours")


def missing_neighbours(sentence: str) -> str:
    return block("The most alike training digits", html.escape(sentence), "", "why-neighbours")


def layers(known: list[dict]) -> str:
    """What each hidden layer knows already, from `core.explain.attribution.probe_layers`, the gated layer last."""
    rows = []
    for number, layer in enumerate(known, 1):
        name = "After the gate" if layer.get("gated") else f"Layer {number}"
        share = float(layer["probs"].max())
        rows.append(
            f'<tr><th scope="row">{name}</th><td><b>{layer["digit"]}</b></td><td aria-hidden="true">'
            f'<div class="q-track"><span class="q-fill" style="width:{100 * share:.1f}%"></span></div></td>'
            f"<td>{html.escape(percent(share))}</td><td>{100 * layer['active']:.0f} %</td></tr>"
        )
    how = ("The digit whose mean each layer comes nearest to, and the share that nearness alone would give it: a sure "
           "first layer had an easy picture. Active: units above a hundredth of the layer's largest.")
    table = ('<table class="q-bars q-layers"><thead><tr><th scope="col">Layer</th><th scope="col">Digit</th>'
             '<td aria-hidden="true"></td><th scope="col">Share</th><th scope="col">Active</th></tr></thead>'
             f"<tbody>{''.join(rows)}</tbody></table>")
    return block("What each layer knows already", how, table, "why-layers")


def _figures(figures: list[str], kind: str) -> str:
    return f'<div class="{kind}">{"".join(figures)}</div>'


def _figure(title: str, pixels: np.ndarray, note: str, alt: str, colour: str | None = None) -> str:
    mark = f'<span class="q-dot" style="background:{colour}"></span>' if colour else ""
    return (f'<figure><p>{mark}{title}</p><img class="q-pixels" src="{png_uri(pixels)}" alt="{alt}">'
            f'<figcaption class="q-quiet">{note}</figcaption></figure>')
