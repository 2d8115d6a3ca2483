"""Charts of confidence and novelty: pure functions from arrays and rows to Plotly figures."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.metrics import risk_coverage as curve
from deployment.ui.charts import style
from deployment.ui.palette import BLUE, ORANGE, VERMILION


def reliability(bands: list[dict[str, Any]]) -> go.Figure:
    """Stated confidence (dashes) and measured accuracy (points, 95 % interval); bands as from `confidence_bands`."""
    names, n = [b["name"] for b in bands], [b["n"] for b in bands]
    keys = ("stated", "measured", "low", "high")
    stated, measured, low, high = (100 * np.array([band[key] for band in bands]) for key in keys)
    error = {"type": "data", "symmetric": False, "array": high - measured, "arrayminus": measured - low, "color": BLUE}
    figure = go.Figure()
    figure.add_scatter(
        x=names, y=stated, name="stated", mode="markers",
        marker={"symbol": "line-ew", "size": 14, "line": {"width": 4, "color": VERMILION}, "color": VERMILION},
        hovertemplate="stated on average: %{y:.1f} %<extra></extra>",
    )
    figure.add_scatter(
        x=names, y=measured, name="measured (95 % interval)", mode="markers", customdata=n,
        marker={"color": BLUE, "size": 9}, error_y=error,
        hovertemplate="of %{customdata:,} answers %{y:.1f} % were right<extra></extra>",
    )
    xaxis = {"title": "stated confidence (%)", "type": "category"}
    return style(figure, 330, xaxis=xaxis, yaxis_title="right answers (%)")


def risk_coverage(probs: NDArray[np.floating], y: NDArray[np.integer], limit: float) -> go.Figure:
    """Risk-coverage curve in percent, with a marker at the confidence `limit`.

    probs (N, 10), y (N,). About 400 points of the curve are drawn, without interpolation.
    """
    confidence = probs.max(1)
    coverage, risk = curve(confidence, probs.argmax(1) == y)
    shown = np.unique(np.append(np.arange(0, len(risk), max(1, len(risk) // 400)), len(risk) - 1))
    answered = int((confidence >= limit).sum())
    first = min(int(np.argmax(risk > 0)), max(0, answered - 1))  # the curve is zero left of the first error
    figure = go.Figure()
    figure.add_scatter(
        x=100 * coverage[shown], y=100 * risk[shown], mode="lines", name="errors", line={"color": BLUE},
        hovertemplate="most confident %{x:.1f} %: %{y:.2f} % errors<extra></extra>",
    )
    if answered:
        figure.add_scatter(
            x=[100 * coverage[answered - 1]], y=[100 * risk[answered - 1]], mode="markers", name="your limit",
            marker={"color": VERMILION, "size": 13, "symbol": "diamond"},
            hovertemplate="answering %{x:.2f} %: %{y:.3f} % errors<extra></extra>",
        )
    xaxis = {"title": "share answered, most confident first (%)", "range": [max(0, 100 * coverage[first] - 5), 100.5]}
    return style(figure, 300, showlegend=True, xaxis=xaxis, yaxis_title="errors among them (%)").update_yaxes(
        rangemode="tozero")


def novelty(rows: list[dict[str, Any]]) -> go.Figure:
    """Novelty by kind of picture (analytics.audit.confidence): 5th to 95th percentile thin, middle half thick, median
    as a dot."""
    figure = go.Figure()
    for row in rows:
        low, quarter, middle, upper, high = row["novelty_quantiles"]
        hover = f"{row['kind']}: median %{{customdata:.2f}}<extra></extra>"
        line = {"y": [row["kind"]] * 2, "mode": "lines", "hoverinfo": "skip"}
        figure.add_scatter(x=[low, high], line={"color": BLUE, "width": 2}, **line)
        figure.add_scatter(x=[quarter, upper], line={"color": BLUE, "width": 9}, **line)
        figure.add_scatter(x=[middle], y=[row["kind"]], mode="markers", customdata=[middle], hovertemplate=hover,
                           marker={"color": ORANGE, "size": 11, "line": {"color": "#111111", "width": 1}})
    figure.add_vline(x=1, line={"color": VERMILION, "dash": "dash"})
    style(figure, 42 * len(rows) + 70, showlegend=False).update_yaxes(autorange="reversed", showgrid=False)
    return figure.update_xaxes(type="log", title="novelty (log scale); curious right of the dashes", dtick=1)
