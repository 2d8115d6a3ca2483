"""The map of test images: a pure function from arrays to a Plotly figure."""

import numpy as np
import plotly.graph_objects as go

from deployment.ui.charts import style
from deployment.ui.palette import DIGIT_COLOURS


def digit_map(xy: np.ndarray, y: np.ndarray, y_hat: np.ndarray, index: np.ndarray,
              star: tuple[np.ndarray, str] | None = None) -> go.Figure:
    """Places (M, 2) of the test images `index` (M,), coloured by true digit y, errors crossed; the digit above
    each group. star: (place (2,), words) of one more digit."""
    figure = go.Figure()
    right = y == y_hat
    for digit in range(10):
        here = right & (y == digit)
        figure.add_scattergl(
            x=xy[here, 0], y=xy[here, 1], mode="markers", name=str(digit), customdata=index[here], showlegend=False,
            marker={"color": DIGIT_COLOURS[digit], "size": 4},
            hovertemplate=f"{digit}, image %{{customdata}}<extra></extra>",
        )
    wrong = ~right
    figure.add_scattergl(
        x=xy[wrong, 0], y=xy[wrong, 1], mode="markers", name="error", customdata=index[wrong],
        text=[f"{a} read as {b}" for a, b in zip(y[wrong], y_hat[wrong], strict=True)],
        marker={"color": "#ffffff", "size": 9, "symbol": "x", "line": {"width": 1, "color": "#111111"}},
        hovertemplate="%{text}, image %{customdata}<extra></extra>", showlegend=True,
    )
    for digit in np.unique(y):
        group = xy[y == digit]
        figure.add_annotation(  # above its group, so that it covers neither points nor the star
            x=np.median(group[:, 0]), y=np.percentile(group[:, 1], 97), yshift=4, yanchor="bottom", showarrow=False,
            text=f"<b>{digit}</b>", font={"size": 16, "color": "#111111"}, bgcolor="rgba(255,255,255,0.85)",
            bordercolor=DIGIT_COLOURS[digit], borderwidth=2, borderpad=2,
        )
    if star is not None:
        (x0, y0), words = star
        figure.add_scattergl(
            x=[x0], y=[y0], mode="markers", name="your digit", hovertemplate=f"{words}<extra></extra>",
            marker={"symbol": "star", "size": 24, "color": "#ffe14d", "line": {"width": 2, "color": "#111111"}},
        )
    # a chosen point grows; the others, and the star, stay as they are
    figure.update_traces(unselected={"marker": {"opacity": 1}}, selected={"marker": {"opacity": 1, "size": 14}})
    return style(figure, 520, clickmode="event+select", hovermode="closest").update_xaxes(visible=False).update_yaxes(
        visible=False
    )
