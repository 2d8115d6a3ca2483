"""Common style of all Plotly charts of the app.

Transparent backgrounds and themed text work in light and dark mode; narrow margins and legends on top work on phones.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from deployment.ui.palette import BLUE, ORANGE, VERMILION

CONFIG = {"displayModeBar": False, "scrollZoom": False}


def style(figure: go.Figure, height: int, **layout) -> go.Figure:
    """Apply the common style; height in pixels, layout: further settings of plotly's update_layout."""
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title_text": ""},
        dragmode=False,
        **layout,
    ).update_xaxes(automargin=True, zeroline=False).update_yaxes(automargin=True, zeroline=False)


def by_epoch(figure: go.Figure, epochs: Sequence[int] | NDArray, values: Sequence[float] | NDArray, label: str,
             colour: str, symbol: str, digits: str = ".3f") -> None:
    """Add a training curve with markers."""
    figure.add_scatter(
        x=epochs, y=values, name=label, mode="lines+markers", line={"color": colour},
        marker={"symbol": symbol, "size": 6}, hovertemplate=f"epoch %{{x}}: %{{y:{digits}}}<extra>{label}</extra>",
    )


def hope_faith_love(history: dict[str, np.ndarray]) -> go.Figure:
    """Hope, Faith and Love (core.metrics), each in [0, 1], by epoch, if the history has them."""
    figure = go.Figure()
    for name, colour, symbol in (("hope", BLUE, "circle"), ("faith", ORANGE, "diamond"), ("love", VERMILION, "square")):
        if name in history:
            by_epoch(figure, history["epoch"], history[name], name.title(), colour, symbol)
    return style(figure, 280, xaxis_title="epoch", yaxis_title="0 to 1", showlegend=True)
