"""Charts of learning, weights, activations and the gate: pure functions from arrays to Plotly figures."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from deployment.pages.audit.evidence import unit_order
from deployment.ui.charts import by_epoch, style
from deployment.ui.palette import BLUE, HEAT, ORANGE, PALE

REST, BEAT = 11, 19  # pixels of the markers between beats and at one
MOST_BEATS, BEATING = 60, 24_000  # of a long training; milliseconds


def learning(history: dict[str, np.ndarray], what: str) -> go.Figure:
    """Curves of `what` ("loss" in nats, or "accuracy" in percent) by epoch; history as in train_history.json."""
    scale, unit, digits = (1, "loss (nats)", ".4f") if what == "loss" else (100, "accuracy (%)", ".2f")
    curves = (
        ("training", "loss" if what == "loss" else "train_accuracy", BLUE, "circle"),
        ("validation", f"val_{what}", ORANGE, "diamond"),
    )
    figure = go.Figure()
    for label, key, colour, symbol in curves:
        if key in history:
            by_epoch(figure, history["epoch"], scale * history[key], label, colour, symbol, digits)
    every_epoch = 1 if len(history.get("epoch", ())) <= 10 else None
    style(figure, 280, xaxis={"title": "epoch", "dtick": every_epoch}, yaxis_title=unit, showlegend=True)
    return heartbeat(figure) if what == "loss" and figure.data else figure


def heartbeat(figure: go.Figure) -> go.Figure:
    """Add a button that animates a marker along each curve, one beat per epoch."""
    curves: list[Any] = list(figure.data)  # traces, whose attributes plotly makes at run time
    epochs = len(curves[0].x)
    shown = np.unique(np.linspace(0, epochs - 1, min(epochs, MOST_BEATS)).astype(int))
    moving = list(range(len(curves), 2 * len(curves)))

    def markers(i, size):
        return [go.Scatter(x=[curve.x[i]], y=[curve.y[i]], marker={"size": size}) for curve in curves]

    for curve, marker in zip(curves, markers(-1, REST), strict=True):
        figure.add_trace(marker.update(mode="markers", showlegend=False, hoverinfo="skip", marker={
            "color": curve.line.color, "symbol": curve.marker.symbol, "line": {"width": 2, "color": "#ffffff"}}))
    figure.frames = [go.Frame(data=markers(i, size), traces=moving) for i in shown for size in (BEAT, REST)]
    pace = min(350, BEATING / (2 * len(shown)))  # milliseconds
    how = {"frame": {"duration": pace, "redraw": False}, "transition": {"duration": 0}}
    return figure.update_layout(updatemenus=[{
        "type": "buttons", "direction": "right", "x": 1, "y": 1.02, "xanchor": "right", "yanchor": "bottom",
        "bgcolor": "rgba(127,127,127,0.12)", "pad": {"t": 0, "b": 0},
        "buttons": [{"label": "♥ Heartbeat", "method": "animate", "args": [None, how]}]}])


def weights(names: np.ndarray, counts: np.ndarray, edges: np.ndarray, titles: list[str] | None = None,
            what: str = "weight") -> go.Figure:
    """Histograms of the weights, a row for each of L layers: counts (L, B) on a log scale, edges (L, B + 1).

    Values other than weights have `titles` (L,), the name `what`, and a separate axis for each row.
    """
    shared = titles is None
    if shared:
        titles = [f"{name} ({count.sum():,} weights)" for name, count in zip(names, counts, strict=True)]
    gap = (0.3 if shared else 0.45) / len(names)
    figure = make_subplots(len(names), 1, shared_xaxes=shared, subplot_titles=titles, vertical_spacing=gap)
    for row, (name, count, edge) in enumerate(zip(names, counts, edges, strict=True), start=1):
        figure.add_bar(
            x=(edge[:-1] + edge[1:]) / 2, y=count, width=np.diff(edge), row=row, col=1, name=str(name),
            marker={"color": BLUE, "line": {"width": 0}}, hovertemplate="around %{x:.3f}: %{y:,}<extra></extra>",
        )
    figure.update_annotations(x=0, xanchor="left", font_size=13)
    style(figure, (115 if shared else 145) * len(names) + 40, showlegend=False, bargap=0)
    figure.update_yaxes(type="log", dtick=2, rangemode="tozero").update_xaxes(title=what, row=len(names))
    return figure.update_layout(margin_t=24)


def gate(class_mean: np.ndarray, difference: bool) -> go.Figure:
    """Mean gate (10, h) of each digit, units grouped by the digit that opens them most; or each digit's difference
    from the mean of all ten (blue shuts, orange opens)."""
    order = unit_order(class_mean)
    z = (class_mean - class_mean.mean(0) if difference else class_mean)[:, order]
    if difference:
        reach = float(np.abs(z).max()) or 1.0
        colours = {"colorscale": [[0, BLUE], [0.5, PALE], [1, ORANGE]], "zmin": -reach, "zmax": reach}
    else:
        colours = {"colorscale": HEAT, "zmin": 0, "zmax": 1}
    figure = go.Figure()
    figure.add_heatmap(
        z=z, customdata=np.tile(order, (len(z), 1)),
        hovertemplate="digit %{y}, unit %{customdata}: %{z:.2f}<extra></extra>",
        colorbar={"orientation": "h", "thickness": 10, "len": 0.6, "x": 0.3, "y": 1, "yanchor": "bottom"},
        **colours,
    )
    style(figure, 360).update_yaxes(title="digit", tickvals=list(range(len(z))), autorange="reversed", showgrid=False)
    return figure.update_xaxes(showticklabels=False, ticks="", showgrid=False)
