"""Charts of right and wrong answers: pure functions from arrays to Plotly figures."""

import numpy as np
import plotly.graph_objects as go

from deployment.ui.charts import style
from deployment.ui.palette import BLUE, GREY, HEAT, ORANGE


def confusion(matrix: np.ndarray) -> go.Figure:
    """Counts (10, 10), rows true, columns answered; errors in colour (log scale), right answers grey.

    Heat maps cannot be selected, so the last trace lays an unseen marker on every cell that holds images, with
    (true digit, answer, count) as its custom data.
    """
    n = len(matrix)
    right, empty = np.eye(n, dtype=bool), matrix == 0
    figure = go.Figure()
    shade = np.log(np.maximum(matrix, 1))
    top = max(np.log(2), shade[~right].max())
    dark = shade < 0.5 * top
    for cells, colours, ink in (
        (right, [[0, "#d9d9d9"], [1, "#d9d9d9"]], "#111111"),
        (~right & ~empty & dark, HEAT, "#ffffff"),
        (~right & ~empty & ~dark, HEAT, "#111111"),
    ):
        figure.add_heatmap(
            z=np.where(cells, shade, np.nan), text=np.where(cells, matrix.astype(str), ""), texttemplate="%{text}",
            textfont={"color": ink, "size": 11}, colorscale=colours, zmin=0, zmax=top, showscale=False,
            xgap=1, ygap=1, hoverinfo="skip",
        )
    rows, columns = np.nonzero(~empty)
    figure.add_scatter(
        x=columns, y=rows, mode="markers", customdata=np.column_stack([rows, columns, matrix[rows, columns]]),
        marker={"symbol": "square", "size": 26, "opacity": 0}, showlegend=False,
        hovertemplate="true %{customdata[0]}, answer %{customdata[1]}: %{customdata[2]:,} images<extra></extra>",
    )
    digits = {"tickvals": list(range(n)), "range": [-0.5, n - 0.5], "showgrid": False, "fixedrange": True}
    return style(figure, 430, clickmode="event+select", hoverdistance=30).update_xaxes(
        title="answer", **digits
    ).update_yaxes(title="true digit", **(digits | {"range": [n - 0.5, -0.5]}))


def per_class(scores: dict[str, np.ndarray]) -> go.Figure:
    """Precision, recall and F1 (10,) of each digit, in percent."""
    figure = go.Figure()
    styles = (("precision", BLUE, "square", -0.2), ("recall", ORANGE, "diamond", 0), ("f1", GREY, "circle", 0.2))
    for name, colour, symbol, shift in styles:
        label = "F1" if name == "f1" else name
        figure.add_scatter(
            x=np.arange(10) + shift, y=100 * scores[name], mode="markers", name=label, customdata=np.arange(10),
            marker={"color": colour, "symbol": symbol, "size": 9},
            hovertemplate=f"{label} of %{{customdata}}: %{{y:.2f}} %<extra></extra>",
        )
    xaxis = {"title": "digit", "tickvals": list(range(10)), "showgrid": False}
    return style(figure, 300, xaxis=xaxis, yaxis_title="%")
