"""Charts of corrupted images: pure functions from rows to Plotly figures."""

import numpy as np
import plotly.graph_objects as go

from deployment.ui.charts import style
from deployment.ui.palette import BLUE, GREY, ORANGE, VERMILION


def cells(rows: list[dict]) -> go.Figure:
    """Accuracy (%) against mean confidence (%) of each corruption and severity; rows as of `robustness.measure`."""
    figure = go.Figure()
    figure.add_scatter(x=[0, 100], y=[0, 100], mode="lines", line={"color": GREY, "dash": "dash"}, hoverinfo="skip",
                       name="as sure as right")
    for group, name, colour, symbol, size in (
        (rows[1:], "corrupted", BLUE, "circle", 8), (rows[:1], "clean", ORANGE, "diamond", 12),
    ):
        figure.add_scatter(
            x=[100 * row["mean_confidence"] for row in group], y=[100 * row["accuracy"] for row in group],
            mode="markers", name=name, marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.75},
            customdata=[f"{row['corruption'].replace('_', ' ')}, severity {row['severity']}" for row in group],
            hovertemplate="%{customdata}: %{y:.1f} % right, stated %{x:.1f} %<extra></extra>",
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
                       hovertemplate="severity %{x}: stated %{y:.1f} %<extra></extra>")
    return style(figure, 330, showlegend=True, yaxis={"title": "%", "range": [0, 103]},
                 xaxis={"title": "severity (0: clean)", "tickvals": x})
