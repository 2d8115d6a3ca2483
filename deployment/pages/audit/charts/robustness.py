"""Charts of corrupted images: pure functions from rows to Plotly figures."""

import numpy as np
import plotly.graph_objects as go

from deployment.ui.charts import style
from deployment.ui.palette import BLUE, HEAT, VERMILION


def cells(rows: list[dict]) -> go.Figure:
    """Accuracy (%) of each corruption, a row, at each severity, a column, the hardest below; rows as of
    `robustness.measure`, the first of images as they are."""
    corrupted = {(row["corruption"], row["severity"]): row for row in rows[1:]}
    severities = sorted({severity for _, severity in corrupted})
    names = sorted({name for name, _ in corrupted}, reverse=True,
                   key=lambda name: np.mean([row["accuracy"] for row in rows[1:] if row["corruption"] == name]))
    values = {key: np.array([[100 * corrupted[name, severity][key] if (name, severity) in corrupted else np.nan
                              for severity in severities] for name in names])
              for key in ("accuracy", "mean_confidence")}
    shown = np.where(np.isnan(values["accuracy"]), "", np.char.mod("%.0f", values["accuracy"]))
    figure = go.Figure()
    for ink, part in (("#ffffff", values["accuracy"] < 60), ("#111111", values["accuracy"] >= 60)):
        figure.add_heatmap(
            x=severities, y=[name.replace("_", " ") for name in names], z=np.where(part, values["accuracy"], np.nan),
            text=np.where(part, shown, ""), texttemplate="%{text}", textfont={"color": ink}, colorscale=HEAT, zmin=0,
            zmax=100, showscale=False, xgap=1, ygap=1, customdata=values["mean_confidence"], hoverongaps=False,
            hovertemplate="%{y}, severity %{x}: %{z:.1f} % right, stated %{customdata:.1f} %<extra></extra>")
    xaxis = {"title": "severity", "tickvals": severities, "showgrid": False}
    return style(figure, 60 + 27 * len(names), xaxis=xaxis, yaxis={"autorange": "reversed", "showgrid": False})


def severities(rows: list[dict], corruption: str) -> go.Figure:
    """Accuracy with its 95 % interval and mean confidence (%) of one corruption, from clean (0) to severity 5."""
    points = [rows[0], *(row for row in rows if row["corruption"] == corruption)]
    x = [row["severity"] for row in points]
    accuracy, confidence = (100 * np.array([row[key] for row in points]) for key in ("accuracy", "mean_confidence"))
    low, high = 100 * np.array([row["interval_95"] for row in points]).T
    error = {"type": "data", "symmetric": False, "array": high - accuracy, "arrayminus": accuracy - low}
    figure = go.Figure()
    figure.add_scatter(x=x, y=accuracy, name="accuracy (95 % interval)", mode="lines+markers", error_y=error,
                       line={"color": BLUE}, hovertemplate="severity %{x}: %{y:.1f} % right<extra></extra>")
    figure.add_scatter(x=x, y=confidence, name="mean confidence", mode="lines+markers",
                       line={"color": VERMILION, "dash": "dash"}, marker={"symbol": "square"},
                       hovertemplate="severity %{x}: stated %{y:.1f} %<extra></extra>")
    return style(figure, 330, showlegend=True, yaxis={"title": "%", "range": [0, 103]},
                 xaxis={"title": "severity (0: clean)", "tickvals": x})
