"""Charts of affect in text: pure functions from arrays to Plotly figures."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from core.text.reader import TextReading
from deployment.ui.charts import style
from deployment.ui.palette import BLUE, GREY, HEAT, ORANGE

Box = tuple[float, float, float, float]  # left, bottom, right, top

DIMENSIONS = ("pleasure", "arousal", "dominance")
LINE_STYLES = (  # distinguishable without colour
    (BLUE, "circle", "solid"), (ORANGE, "diamond", "dash"), (GREY, "square", "dot"))
MARKER_EDGE, GRID = "#111111", "rgba(140,140,140,0.35)"
SMALLEST, LARGEST = 9, 30  # pixels; diameters of the markers with the lowest and the highest dominance
LETTER_WIDTH, LABEL_HEIGHT, MARKER_RADIUS = 0.019, 0.085, 0.055  # as shares of the narrowest map
SIDES = {"middle right": (1, 0), "middle left": (-1, 0), "top center": (0, 1), "bottom center": (0, -1)}


def field(labels: Sequence[str], texts: Sequence[str], pads: NDArray[np.floating], reading: TextReading) -> go.Figure:
    """A text with its interval among landmarks: x pleasure, y arousal, size dominance.

    labels, texts: N each, of the landmarks; pads (N, 3).
    """
    low, high = (np.vstack([pads[:, :2], [end[:2]]]) for end in (reading.low, reading.high))
    low, high = low.min(axis=0), high.max(axis=0)
    low, high = low - 0.12 * (high - low), high + 0.12 * (high - low)
    size = _sizes(np.append(pads[:, 2], reading.pad[2]))
    figure = go.Figure()
    figure.add_shape(type="rect", x0=reading.low[0], x1=reading.high[0], y0=reading.low[1], y1=reading.high[1],
                     fillcolor=ORANGE, opacity=0.18, line={"color": ORANGE, "width": 1.5}, layer="below")
    hover = "pleasure %{x:+.2f}, arousal %{y:+.2f}, dominance %{customdata:+.2f}<extra></extra>"
    sides = label_sides((pads[:, :2] - low) / (high - low), labels)
    figure.add_scatter(
        x=pads[:, 0], y=pads[:, 1], mode="markers+text", text=labels, hovertext=texts, customdata=pads[:, 2],
        textposition=sides, textfont={"size": 12}, marker={"size": size[:-1], "color": GREY, "opacity": 0.55},
        name="landmarks", hovertemplate="%{hovertext}<br>" + hover, cliponaxis=False)
    figure.add_scatter(
        x=[reading.pad[0]], y=[reading.pad[1]], mode="markers", customdata=[reading.pad[2]], name="this text",
        marker={"size": [size[-1]], "color": ORANGE, "line": {"color": MARKER_EDGE, "width": 2}},
        hovertemplate="this text<br>" + hover)
    style(figure, 380, showlegend=False)
    for update, name, a, b in ((figure.update_xaxes, "displeased … pleased", low[0], high[0]),
                               (figure.update_yaxes, "calm … stirred", low[1], high[1])):
        update(title=name, range=[a, b], gridcolor=GRID, zeroline=True, zerolinecolor=GREY, nticks=5, fixedrange=True)
    return figure


def _sizes(dominance: NDArray[np.floating]) -> NDArray[np.floating]:
    least, most = dominance.min(), dominance.max()
    return SMALLEST + (LARGEST - SMALLEST) * (dominance - least) / max(most - least, 1e-6)


def label_sides(points: NDArray[np.floating], labels: Sequence[str]) -> list[str]:
    """The side of its marker for each label that overlaps least with other labels and markers (greedy search).

    points (N, 2): as shares of the map.
    """
    taken, sides = [(x - MARKER_RADIUS / 2, y - MARKER_RADIUS, x + MARKER_RADIUS / 2, y + MARKER_RADIUS)
                    for x, y in points], []
    for number, (point, label) in enumerate(zip(points, labels, strict=True)):
        boxes, costs = {side: label_box(point, label, side) for side in SIDES}, {}
        for side, (left, bottom, right, top) in boxes.items():
            outside = max(0, -left) + max(0, right - 1) + max(0, -bottom) + max(0, top - 1)
            covered = sum(_overlap(boxes[side], other) for i, other in enumerate(taken) if i != number)
            costs[side] = outside + covered
        sides.append(min(costs, key=costs.__getitem__))
        taken.append(boxes[sides[-1]])
    return sides


def label_box(point: NDArray[np.floating], label: str, side: str) -> Box:
    """Box of a label on one side of its marker at `point` (2,), as shares of the map."""
    (x, y), (right, up), width = point, SIDES[side], LETTER_WIDTH * len(label)
    centre_x, centre_y = x + right * (width / 2 + MARKER_RADIUS), y + up * (LABEL_HEIGHT / 2 + MARKER_RADIUS)
    return centre_x - width / 2, centre_y - LABEL_HEIGHT / 2, centre_x + width / 2, centre_y + LABEL_HEIGHT / 2


def _overlap(a: Box, b: Box) -> float:
    """Area of the intersection of two boxes."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def rounds(estimates: NDArray[np.floating]) -> go.Figure:
    """PAD estimates (K + 1, 3) before the first and after each round."""
    figure, x = go.Figure(), np.arange(len(estimates))
    _lines(figure, x, estimates, "round")
    return style(figure, 280, showlegend=True, xaxis={"title": "round", "dtick": 1}, yaxis={"title": "PAD"})


def trajectory(pads: NDArray[np.floating]) -> go.Figure:
    """PAD (n, 3) of the texts of a conversation, oldest first."""
    figure = go.Figure()
    _lines(figure, np.arange(1, len(pads) + 1), pads, "text")
    style(figure, 240, showlegend=True, xaxis={"title": "text of the conversation", "tickformat": "d"})
    if len(pads) < 12:
        figure.update_xaxes(dtick=1)
    return figure.update_yaxes(title="PAD", zeroline=True, zerolinecolor=GRID)


def _lines(figure: go.Figure, x: ArrayLike, y: NDArray[np.floating], unit: str) -> None:
    """Add a line for each column of y (n, 3) over x (n,)."""
    for i, (name, (colour, symbol, dash)) in enumerate(zip(DIMENSIONS, LINE_STYLES, strict=True)):
        figure.add_scatter(x=x, y=y[:, i], mode="lines+markers", name=name, line={"color": colour, "dash": dash},
                           marker={"symbol": symbol, "size": 7},
                           hovertemplate=f"{unit} %{{x}}: {name} %{{y:+.3f}}<extra></extra>")


def confidence(gates: NDArray[np.floating]) -> go.Figure:
    """The affect gate (K,) in (0, 1) of each round."""
    figure, x = go.Figure(), np.arange(1, len(gates) + 1)
    figure.add_bar(x=x, y=gates, marker={"color": BLUE}, width=0.6, text=[f"{gate:.2f}" for gate in gates],
                   textposition="outside", hovertemplate="round %{x}: %{y:.3f}<extra></extra>")
    return style(figure, 280, showlegend=False, xaxis={"title": "round", "dtick": 1},
                 yaxis={"title": "gate", "range": [0, 1.12], "tickvals": [0, 0.5, 1]})


def attention(shares: NDArray[np.floating], words: Sequence[str]) -> go.Figure:
    """Attention (K, T) of each round (column) to each word (row, in text order)."""
    K, T = shares.shape
    figure = go.Figure()
    top = float(shares.max())
    for cells, ink in ((0.55 * top > shares.T, "#ffffff"), (0.55 * top <= shares.T, "#111111")):  # for contrast
        figure.add_heatmap(
            z=np.where(cells, shares.T, np.nan), x=np.arange(1, K + 1), y=np.arange(T), colorscale=HEAT, zmin=0,
            zmax=top, showscale=False, xgap=2, ygap=2, texttemplate="%{z:.2f}", textfont={"color": ink, "size": 11},
            hoverongaps=False, hovertemplate="round %{x}: %{z:.3f}<extra></extra>")
    style(figure, 60 + 26 * T, xaxis={"title": "round", "dtick": 1, "showgrid": False, "fixedrange": True})
    return figure.update_yaxes(tickvals=np.arange(T), ticktext=words, autorange="reversed", showgrid=False,
                               fixedrange=True)
