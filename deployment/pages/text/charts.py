"""Charts of the text tab: pure functions from arrays to Plotly figures."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.text.reader import TextReading
from deployment.ui.charts import style
from deployment.ui.palette import BLUE, GREY, HEAT, ORANGE

DIMENSIONS = ("pleasure", "arousal", "dominance")
# Also distinguished by symbol and dash
LINE_STYLES = ((BLUE, "circle", "solid"), (ORANGE, "diamond", "dash"), (GREY, "square", "dot"))
RIM, GRID = "#111111", "rgba(140,140,140,0.35)"
SMALLEST, LARGEST = 9, 30  # pixels, diameters for the least and the largest dominance
WIDE, HIGH, TALL = 0.019, 0.085, 0.055  # a letter, a line and a mark's half height, in shares of the narrowest map
SIDES = {"middle right": (1, 0), "middle left": (-1, 0), "top center": (0, 1), "bottom center": (0, -1)}


def field(labels: Sequence[str], texts: Sequence[str], pads: np.ndarray, reading: TextReading) -> go.Figure:
    """Pleasure (x), arousal (y) and dominance (size): labelled landmarks pads (N, 3), and the text with its
    interval."""
    low, high = (np.vstack([pads[:, :2], [end[:2]]]) for end in (reading.low, reading.high))
    low, high = low.min(axis=0), high.max(axis=0)
    low, high = low - 0.12 * (high - low), high + 0.12 * (high - low)
    size = _sizes(np.append(pads[:, 2], reading.pad[2]))
    figure = go.Figure()
    figure.add_shape(type="rect", x0=reading.low[0], x1=reading.high[0], y0=reading.low[1], y1=reading.high[1],
                     fillcolor=ORANGE, opacity=0.18, line={"color": ORANGE, "width": 1.5}, layer="below")
    form = "pleasure %{x:+.2f}, arousal %{y:+.2f}, dominance %{customdata:+.2f}<extra></extra>"
    places = placed((pads[:, :2] - low) / (high - low), labels)
    figure.add_scatter(
        x=pads[:, 0], y=pads[:, 1], mode="markers+text", text=labels, hovertext=texts, customdata=pads[:, 2],
        textposition=places, textfont={"size": 12}, marker={"size": size[:-1], "color": GREY, "opacity": 0.55},
        name="landmarks", hovertemplate="%{hovertext}<br>" + form, cliponaxis=False)
    figure.add_scatter(
        x=[reading.pad[0]], y=[reading.pad[1]], mode="markers", customdata=[reading.pad[2]], name="this text",
        marker={"size": [size[-1]], "color": ORANGE, "line": {"color": RIM, "width": 2}},
        hovertemplate="this text<br>" + form)
    style(figure, 380, showlegend=False)
    for update, name, a, b in ((figure.update_xaxes, "displeased … pleased", low[0], high[0]),
                               (figure.update_yaxes, "calm … stirred", low[1], high[1])):
        update(title=name, range=[a, b], gridcolor=GRID, zeroline=True, zerolinecolor=GREY, nticks=5, fixedrange=True)
    return figure


def _sizes(dominance: np.ndarray) -> np.ndarray:
    least, most = dominance.min(), dominance.max()
    return SMALLEST + (LARGEST - SMALLEST) * (dominance - least) / max(most - least, 1e-6)


def placed(points: np.ndarray, labels: Sequence[str]) -> list[str]:
    """The side of its mark for each label that avoids overlaps; points (N, 2) in shares of the map."""
    sides: list[str] = []
    taken = [(x - TALL / 2, y - TALL, x + TALL / 2, y + TALL) for x, y in points]
    for mark, (point, label) in enumerate(zip(points, labels, strict=True)):
        boxes, costs = {side: label_box(point, label, side) for side in SIDES}, {}
        for side, (left, bottom, right, top) in boxes.items():
            outside = max(0, -left) + max(0, right - 1) + max(0, -bottom) + max(0, top - 1)
            covered = sum(_overlap(boxes[side], other) for i, other in enumerate(taken) if i != mark)
            costs[side] = outside + covered
        sides.append(min(costs, key=lambda side: costs[side]))
        taken.append(boxes[sides[-1]])
    return sides


def label_box(point: np.ndarray, label: str, side: str) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of a label on one side of its mark at `point` (2,), in shares of the map."""
    (x, y), (right, up), width = point, SIDES[side], WIDE * len(label)
    across, height = x + right * (width / 2 + TALL), y + up * (HIGH / 2 + TALL)
    return across - width / 2, height - HIGH / 2, across + width / 2, height + HIGH / 2


def _overlap(a, b) -> float:
    """The area of the intersection of two boxes (left, bottom, right, top)."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def rounds(estimates: np.ndarray) -> go.Figure:
    """The estimates (K + 1, 3) of the rounds, from the first estimate to the answer."""
    figure, x = go.Figure(), np.arange(len(estimates))
    _lines(figure, x, estimates, "round")
    return style(figure, 280, showlegend=True, xaxis={"title": "round", "dtick": 1}, yaxis={"title": "PAD"})


def trajectory(pads: np.ndarray) -> go.Figure:
    """PAD (n, 3) of the n texts of a conversation, the oldest first."""
    figure = go.Figure()
    _lines(figure, np.arange(1, len(pads) + 1), pads, "text")
    style(figure, 240, showlegend=True, xaxis={"title": "text of the conversation", "tickformat": "d"})
    if len(pads) < 12:
        figure.update_xaxes(dtick=1)
    return figure.update_yaxes(title="PAD", zeroline=True, zerolinecolor=GRID)


def _lines(figure: go.Figure, x, y: np.ndarray, unit: str) -> None:
    """Three lines of y (n, 3) over x (n,)."""
    for i, (name, (colour, symbol, dash)) in enumerate(zip(DIMENSIONS, LINE_STYLES, strict=True)):
        figure.add_scatter(x=x, y=y[:, i], mode="lines+markers", name=name, line={"color": colour, "dash": dash},
                           marker={"symbol": symbol, "size": 7},
                           hovertemplate=f"{unit} %{{x}}: {name} %{{y:+.3f}}<extra></extra>")


def confidence(gates: np.ndarray) -> go.Figure:
    """The affect gate (K,) in (0, 1) of each round."""
    figure, x = go.Figure(), np.arange(1, len(gates) + 1)
    figure.add_bar(x=x, y=gates, marker={"color": BLUE}, width=0.6, text=[f"{gate:.2f}" for gate in gates],
                   textposition="outside", hovertemplate="round %{x}: %{y:.3f}<extra></extra>")
    return style(figure, 280, showlegend=False, xaxis={"title": "round", "dtick": 1},
                 yaxis={"title": "gate", "range": [0, 1.12], "tickvals": [0, 0.5, 1]})


def attention(shares: np.ndarray, words: list[str]) -> go.Figure:
    """Attention (K, T) of each round (a column) to each word (a row, in the order of the text)."""
    K, T = shares.shape
    figure = go.Figure()
    top = float(shares.max())
    for cells, ink in ((0.55 * top > shares.T, "#ffffff"), (0.55 * top <= shares.T, "#111111")):  # legible on both
        figure.add_heatmap(
            z=np.where(cells, shares.T, np.nan), x=np.arange(1, K + 1), y=np.arange(T), colorscale=HEAT, zmin=0,
            zmax=top, showscale=False, xgap=2, ygap=2, texttemplate="%{z:.2f}", textfont={"color": ink, "size": 11},
            hoverongaps=False, hovertemplate="round %{x}: %{z:.3f}<extra></extra>")
    style(figure, 60 + 26 * T, xaxis={"title": "round", "dtick": 1, "showgrid": False, "fixedrange": True})
    return figure.update_yaxes(tickvals=np.arange(T), ticktext=words, autorange="reversed", showgrid=False,
                               fixedrange=True)
