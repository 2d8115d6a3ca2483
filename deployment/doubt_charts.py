"""Charts of doubt and of spoilt images: pure functions from arrays and rows to Plotly figures, as in `charts`."""

import numpy as np
import plotly.graph_objects as go

from analytics.palette import GREY, VERMILION
from core.metrics import risk_coverage as curve
from deployment.charts import style
from deployment.theme import BLUE, ORANGE


def risk_coverage(probs: np.ndarray, y: np.ndarray, limit: float) -> go.Figure:
    """Errors among the surest answers (%) by the share answered (%), and where the confidence `limit` cuts.

    probs (N, 10), y (N,). Steps are thinned to some hundreds; every point shown is exact.
    """
    confidence = probs.max(1)
    coverage, risk = curve(confidence, probs.argmax(1) == y)
    shown = np.unique(np.append(np.arange(0, len(risk), max(1, len(risk) // 400)), len(risk) - 1))
    answered = int((confidence >= limit).sum())
    first = min(int(np.argmax(risk > 0)), max(0, answered - 1))  # nothing happens left of the first error
    figure = go.Figure()
    figure.add_scatter(
        x=100 * coverage[shown], y=100 * risk[shown], mode="lines", name="errors", line={"color": BLUE},
        hovertemplate="the surest %{x:.1f} %: %{y:.2f} % errors<extra></extra>",
    )
    if answered:
        figure.add_scatter(
            x=[100 * coverage[answered - 1]], y=[100 * risk[answered - 1]], mode="markers", name="your limit",
            marker={"color": VERMILION, "size": 13, "symbol": "diamond"},
            hovertemplate="answering %{x:.2f} %: %{y:.3f} % errors<extra></extra>",
        )
    xaxis = {"title": "share answered, the surest first (%)", "range": [max(0, 100 * coverage[first] - 5), 100.5]}
    return style(figure, 300, showlegend=True, xaxis=xaxis, yaxis_title="errors among them (%)").update_yaxes(
        rangemode="tozero")


def novelty(rows: list[dict]) -> go.Figure:
    """Novelty of kinds of pictures, as of `doubt.strangers`: 5 to 95 % thin, the middle half thick, median dotted."""
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


def cells(rows: list[dict]) -> go.Figure:
    """Accuracy (%) against mean confidence (%) of each corruption and severity; rows as of `robustness.measure`."""
    figure = go.Figure()
    figure.add_scatter(x=[0, 100], y=[0, 100], mode="lines", line={"color": GREY, "dash": "dash"}, hoverinfo="skip",
                       name="as sure as right")
    for group, name, colour, symbol, size in (
        (rows[1:], "spoilt", BLUE, "circle", 8), (rows[:1], "clean", ORANGE, "diamond", 12),
    ):
        figure.add_scatter(
            x=[100 * row["mean_confidence"] for row in group], y=[100 * row["accuracy"] for row in group],
            mode="markers", name=name, marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.75},
            customdata=[f"{row['corruption'].replace('_', ' ')}, severity {row['severity']}" for row in group],
            hovertemplate="%{customdata}: %{y:.1f} % right, %{x:.1f} % sure<extra></extra>",
        )
    low = max(0, min(min(row["accuracy"], row["mean_confidence"]) for row in rows) * 100 - 4)
    return style(figure, 380, showlegend=True, xaxis={"title": "mean confidence (%)", "range": [low, 101]},
                 yaxis={"title": "accuracy (%)", "range": [low, 101]})


def severities(rows: list[dict], corruption: str) -> go.Figure:
    """Accuracy with its 95 % interval and mean confidence (%) of one corruption, from clean (0) to severity 5."""
    own = [rows[0], *(row for row in rows if row["corruption"] == corruption)]
    x = [row["severity"] for row in own]
    accuracy, confidence = (100 * np.array([row[key] for row in own]) for key in ("accuracy", "mean_confidence"))
    low, high = 100 * np.array([row["interval_95"] for row in own]).T
    error = {"type": "data", "symmetric": False, "array": high - accuracy, "arrayminus": accuracy - low}
    figure = go.Figure()
    figure.add_scatter(x=x, y=accuracy, name="accuracy (95 % interval)", mode="lines+markers", error_y=error,
                       line={"color": BLUE}, hovertemplate="severity %{x}: %{y:.1f} % right<extra></extra>")
    figure.add_scatter(x=x, y=confidence, name="mean confidence", mode="lines+markers",
                       line={"color": VERMILION, "dash": "dash"}, marker={"symbol": "square"},
                       hovertemplate="severity %{x}: %{y:.1f} % sure<extra></extra>")
    return style(figure, 330, showlegend=True, yaxis={"title": "%", "range": [0, 103]},
                 xaxis={"title": "severity (0: clean)", "tickvals": x})
