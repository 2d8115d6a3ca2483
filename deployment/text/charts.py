"""Charts of the tab "Feelings in text": pure functions from arrays to Plotly figures, as in `charts`."""

import numpy as np
import plotly.graph_objects as go

from deployment.ui.charts import style
from deployment.ui.palette import BLUE, GREY, HEAT, ORANGE

DIMENSIONS = ("pleasure", "arousal", "dominance")
# Told apart by symbol and dash too.
LOOKS = ((BLUE, "circle", "solid"), (ORANGE, "diamond", "dash"), (GREY, "square", "dot"))
RIM, GRID = "#111111", "rgba(140,140,140,0.35)"


def field(labels: list[str], texts: list[str], pads: np.ndarray, pad: np.ndarray) -> go.Figure:
    """Landmarks pads (N, 3), faint and labelled, and the text's own pad (3,), large, with a line down to the floor."""
    everything = np.vstack([pads, pad])
    low, high = everything.min(axis=0), everything.max(axis=0)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    form = "pleasure %{x:+.2f}, arousal %{y:+.2f}, dominance %{z:+.2f}<extra></extra>"
    figure = go.Figure()
    figure.add_scatter3d(
        x=pads[:, 0], y=pads[:, 1], z=pads[:, 2], mode="markers+text", text=labels, hovertext=texts,
        textfont={"size": 10}, opacity=0.6, marker={"size": 3, "color": GREY}, name="landmarks",
        hovertemplate="%{hovertext}<br>" + form,
    )
    figure.add_scatter3d(
        x=[pad[0]] * 2, y=[pad[1]] * 2, z=[pad[2], low[2]], mode="lines", line={"color": ORANGE, "width": 4},
        hoverinfo="skip", name="down to the floor",
    )
    figure.add_scatter3d(
        x=[pad[0]], y=[pad[1]], z=[pad[2]], mode="markers", name="this text", hovertemplate="this text<br>" + form,
        marker={"size": 11, "color": ORANGE, "line": {"color": RIM, "width": 2}},
    )
    axes = {f"{axis}axis": {"title": name, "range": [a, b], "backgroundcolor": "rgba(0,0,0,0)", "gridcolor": GRID,
                            "zerolinecolor": GREY, "nticks": 5, "showspikes": False}
            for axis, name, a, b in zip("xyz", DIMENSIONS, low, high, strict=True)}
    style(figure, 430, showlegend=False)
    # uirevision: the view that a person has turned to stays when another text is read
    return figure.update_layout(dragmode="orbit", uirevision="field", scene={
        **axes, "aspectmode": "cube", "dragmode": "orbit", "camera": {"eye": {"x": 1.4, "y": -1.5, "z": 0.65}}})


def nearest(pads: np.ndarray, pad: np.ndarray, spread: np.ndarray, n: int = 3) -> np.ndarray:
    """Indices (n,) of the landmarks pads (N, 3) nearest to pad (3,), each dimension in units of its spread (3,)."""
    return np.argsort(np.sum(((pads - pad) / spread) ** 2, axis=1), kind="stable")[:n]


def rounds(estimates: np.ndarray) -> go.Figure:
    """How far the estimates (K + 1, 3) have moved from the prior, which is round 0, after each round."""
    figure, x = go.Figure(), np.arange(len(estimates))
    moved = estimates - estimates[0]
    _lines(figure, x, moved, estimates, "round")
    reach = max(0.02, 1.15 * float(np.abs(moved).max()))  # less than a hundredth should look like little
    yaxis = {"title": "moved from the prior", "range": [-reach, reach]}
    return style(figure, 280, showlegend=True, xaxis={"title": "round", "dtick": 1}, yaxis=yaxis)


def trajectory(pads: np.ndarray) -> go.Figure:
    """PAD (n, 3) of the n texts of a conversation, the oldest first."""
    figure = go.Figure()
    _lines(figure, np.arange(1, len(pads) + 1), pads, pads, "text")
    style(figure, 240, showlegend=True, xaxis={"title": "text of the conversation", "tickformat": "d"})
    if len(pads) < 12:
        figure.update_xaxes(dtick=1)
    return figure.update_yaxes(title="PAD", zeroline=True, zerolinecolor=GRID)


def _lines(figure: go.Figure, x, y: np.ndarray, shown: np.ndarray, unit: str) -> None:
    """Three lines of y (n, 3) over x (n,); on hover the values `shown` (n, 3)."""
    for i, (name, (colour, symbol, dash)) in enumerate(zip(DIMENSIONS, LOOKS, strict=True)):
        figure.add_scatter(
            x=x, y=y[:, i], mode="lines+markers", name=name, customdata=shown[:, i],
            line={"color": colour, "dash": dash}, marker={"symbol": symbol, "size": 7},
            hovertemplate=f"{unit} %{{x}}: {name} %{{customdata:+.3f}}<extra></extra>",
        )


def confidence(gates: np.ndarray) -> go.Figure:
    """The affect gate (K,) in (0, 1) of each round."""
    figure, x = go.Figure(), np.arange(1, len(gates) + 1)
    figure.add_bar(x=x, y=gates, marker={"color": BLUE}, width=0.6, text=[f"{gate:.2f}" for gate in gates],
                   textposition="outside", hovertemplate="round %{x}: %{y:.3f}<extra></extra>")
    return style(figure, 280, showlegend=False, xaxis={"title": "round", "dtick": 1},
                 yaxis={"title": "confidence", "range": [0, 1.12], "tickvals": [0, 0.5, 1]})


def attention(weights: np.ndarray) -> go.Figure:
    """How much round k (a row) listens to the rounds up to its own: weights (K, K), a lower triangle."""
    n = len(weights)
    seen = np.where(np.tri(n, dtype=bool), weights, np.nan)
    figure = go.Figure()
    for cells, ink in ((seen < 0.55, "#ffffff"), (seen >= 0.55, "#111111")):  # legible on both ends of the scale
        figure.add_heatmap(
            z=np.where(cells, seen, np.nan), x=np.arange(1, n + 1), y=np.arange(1, n + 1), colorscale=HEAT, zmin=0,
            zmax=1, showscale=False, xgap=2, ygap=2, texttemplate="%{z:.2f}", textfont={"color": ink, "size": 11},
            hoverongaps=False, hovertemplate="round %{y} listens to round %{x}: %{z:.3f}<extra></extra>",
        )
    axes = {"dtick": 1, "showgrid": False, "fixedrange": True}
    return style(figure, 280, xaxis={"title": "to round", **axes}).update_yaxes(
        title="round listens", autorange="reversed", **axes)
