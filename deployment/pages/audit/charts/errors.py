"""Charts of right and wrong answers: pure functions from arrays to Plotly figures."""

import numpy as np
import plotly.graph_objects as go

from core.formats import percent
from core.metrics import precision_recall_f1
from deployment.ui.charts import style
from deployment.ui.palette import BLUE, GREY, ORANGE

RAMP = [[0, "#f9dfae"], [0.5, "#E69F00"], [1, "#8a4b00"]]  # orange: a single error stands out in either theme


def confusion(matrix: np.ndarray) -> go.Figure:
    """Counts (10, 10), rows true, columns answered; errors in orange (log scale), right answers grey; in the margins
    recall and precision.

    Heat maps cannot be selected, so the last trace lays an unseen marker on every cell that holds images, with
    (true digit, answer, count) as its custom data.
    """
    n = len(matrix)
    right, empty = np.eye(n, dtype=bool), matrix == 0
    figure = go.Figure()
    shade = np.log(np.maximum(matrix, 1))
    top = max(np.log(2), shade[~right].max())
    dark = shade > 0.6 * top
    for cells, colours, ink in (
        (right, [[0, "#d9d9d9"], [1, "#d9d9d9"]], "#111111"),
        (~right & ~empty & ~dark, RAMP, "#111111"),
        (~right & ~empty & dark, RAMP, "#ffffff"),
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
    scores, place = precision_recall_f1(matrix), np.arange(n)
    for x, y, name in ((np.full(n, n + 0.15), place, "recall"), (place, np.full(n, n + 0.1), "precision")):
        for i in place:
            words = percent(scores[name][i]).removesuffix(" %").replace(" ", "")  # ten stand side by side on a phone
            figure.add_annotation(x=x[i], y=y[i], text=words, showarrow=False, font={"size": 10})
    ends = {"range": [-0.5, n + 0.6], "showgrid": False, "fixedrange": True, "tickvals": [*place, n + 0.15]}
    figure = style(figure, 460, clickmode="event+select", hoverdistance=30)
    figure.update_xaxes(title="answer", ticktext=[*map(str, place), "recall<br>%"], **ends)
    return figure.update_yaxes(title="true digit", ticktext=[*map(str, place), "precision<br>%"],
                               **{**ends, "range": [n + 0.6, -0.5]})


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
