"""What the scientific audit shows: pure functions from arrays to Plotly figures, and images to a strip of HTML.

Backgrounds are transparent and text takes the app's theme, so that one figure serves light and dark; margins are
narrow and legends lie on top, so that it also serves a phone.
"""

import html

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analytics.evidence import unit_order
from analytics.palette import DIGITS, GREY, HEAT, VERMILION
from deployment.pictures import percent, png_uri
from deployment.theme import BLUE, ORANGE

CONFIG = {"displayModeBar": False, "scrollZoom": False}
STRIP = "display:flex;flex-wrap:wrap;gap:10px 8px"
TILE = "margin:0;width:60px;text-align:center;font-size:13px;line-height:1.25"
PICTURE = "width:60px;height:60px;image-rendering:pixelated;border-radius:4px;display:block"


def style(figure: go.Figure, height: int, **layout) -> go.Figure:
    """The look that all charts share; height in pixels."""
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title_text": ""},
        dragmode=False,
        **layout,
    ).update_xaxes(automargin=True, zeroline=False).update_yaxes(automargin=True, zeroline=False)


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
            figure.add_scatter(
                x=history["epoch"], y=scale * history[key], name=label, mode="lines+markers",
                line={"color": colour}, marker={"symbol": symbol, "size": 6},
                hovertemplate=f"epoch %{{x}}: %{{y:{digits}}}<extra>{label}</extra>",
            )
    every_epoch = 1 if len(history.get("epoch", ())) <= 10 else None
    return style(figure, 280, xaxis={"title": "epoch", "dtick": every_epoch}, yaxis_title=unit, showlegend=True)


def virtues(history: dict[str, np.ndarray]) -> go.Figure:
    """Hope, Faith and Love (core.metrics), each in [0, 1], by epoch: those that the history holds."""
    figure = go.Figure()
    styles = (("hope", BLUE, "circle"), ("faith", ORANGE, "diamond"), ("love", VERMILION, "square"))
    for name, colour, symbol in styles:
        if name in history:
            figure.add_scatter(
                x=history["epoch"], y=history[name], name=name.title(), mode="lines+markers", line={"color": colour},
                marker={"symbol": symbol, "size": 6}, hovertemplate=f"epoch %{{x}}: %{{y:.3f}}<extra>{name}</extra>",
            )
    return style(figure, 280, xaxis_title="epoch", yaxis_title="0 to 1", showlegend=True)


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


def reliability(bands: list[dict]) -> go.Figure:
    """Stated confidence (dashes) against measured accuracy (points, 95 %), bands as from `confidence_bands`."""
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


def digit_map(xy: np.ndarray, y: np.ndarray, y_hat: np.ndarray, index: np.ndarray, star=None) -> go.Figure:
    """Places (M, 2) of the test images `index` (M,), coloured by true digit y, errors crossed; the digit at each
    group's median. star: (place (2,), words) of one more digit."""
    figure = go.Figure()
    right = y == y_hat
    for digit in range(10):
        here = right & (y == digit)
        figure.add_scattergl(
            x=xy[here, 0], y=xy[here, 1], mode="markers", name=str(digit), customdata=index[here], showlegend=False,
            marker={"color": DIGITS[digit], "size": 4}, hovertemplate=f"{digit}, image %{{customdata}}<extra></extra>",
        )
    wrong = ~right
    figure.add_scattergl(
        x=xy[wrong, 0], y=xy[wrong, 1], mode="markers", name="error", customdata=index[wrong],
        text=[f"{a} read as {b}" for a, b in zip(y[wrong], y_hat[wrong], strict=True)],
        marker={"color": "#ffffff", "size": 9, "symbol": "x", "line": {"width": 1, "color": "#111111"}},
        hovertemplate="%{text}, image %{customdata}<extra></extra>", showlegend=True,
    )
    for digit in np.unique(y):
        x0, y0 = np.median(xy[y == digit], axis=0)
        figure.add_annotation(
            x=x0, y=y0, text=f"<b>{digit}</b>", showarrow=False, font={"size": 18, "color": "#111111"},
            bgcolor="rgba(255,255,255,0.85)", bordercolor=DIGITS[digit], borderwidth=2, borderpad=3,
        )
    if star is not None:
        (x0, y0), words = star
        figure.add_scattergl(
            x=[x0], y=[y0], mode="markers", name="your digit", hovertemplate=f"{words}<extra></extra>",
            marker={"symbol": "star", "size": 24, "color": "#ffe14d", "line": {"width": 2, "color": "#111111"}},
        )
    return style(figure, 520, clickmode="event+select", hovermode="closest").update_xaxes(visible=False).update_yaxes(
        visible=False
    )


def weights(names: np.ndarray, counts: np.ndarray, edges: np.ndarray, titles=None, what="weight") -> go.Figure:
    """Histograms of the weights, a row for each of L layers: counts (L, B) on a log scale, edges (L, B + 1).

    Other values than weights have `titles` (L,) and a word of their own, and each row its own axis.
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
        colours = {"colorscale": [[0, BLUE], [0.5, "#f2f2f2"], [1, ORANGE]], "zmin": -reach, "zmax": reach}
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


def image_strip(images: np.ndarray, y: np.ndarray, probs: np.ndarray, indices) -> str:
    """HTML of the `indices` among images (N, 28, 28) uint8: small pictures that wrap with the width, each above its
    true digit, an arrow to the answer where that is another, and the confidence; y (N,), probs (N, 10)."""
    return f'<div style="{STRIP}">{"".join(_tile(images[i], int(y[i]), probs[i], i) for i in indices)}</div>'


def _tile(image: np.ndarray, y: int, probs: np.ndarray, index: int) -> str:
    answer, confidence = int(probs.argmax()), html.escape(percent(probs.max()))
    alt = f"test image {index}: a {y} read as {answer}, {confidence} sure"
    words = str(y) if answer == y else f"{y} → {answer}"
    return (
        f'<figure style="{TILE}"><img style="{PICTURE}" src="{png_uri(image)}" alt="{alt}" title="{alt}">'
        f"<figcaption>{words}<br>{confidence}</figcaption></figure>"
    )
