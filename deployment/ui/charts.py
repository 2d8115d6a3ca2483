"""The look that all Plotly charts of the app share.

Backgrounds are transparent and text takes the app's theme, so that one figure serves light and dark; margins are narrow
and legends lie on top, so that it also serves a phone.
"""

import numpy as np
import plotly.graph_objects as go

from deployment.ui.palette import BLUE, ORANGE, VERMILION

CONFIG = {"displayModeBar": False, "scrollZoom": False}


def style(figure: go.Figure, height: int, **layout) -> go.Figure:
    """The common look; height in pixels."""
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title_text": ""},
        dragmode=False,
        **layout,
    ).update_xaxes(automargin=True, zeroline=False).update_yaxes(automargin=True, zeroline=False)


def by_epoch(figure: go.Figure, epochs, values, label: str, colour: str, symbol: str, digits: str = ".3f") -> None:
    """One curve of a training, with markers."""
    figure.add_scatter(
        x=epochs, y=values, name=label, mode="lines+markers", line={"color": colour},
        marker={"symbol": symbol, "size": 6}, hovertemplate=f"epoch %{{x}}: %{{y:{digits}}}<extra>{label}</extra>",
    )


def hope_faith_love(history: dict[str, np.ndarray]) -> go.Figure:
    """Hope, Faith and Love (core.metrics), each in [0, 1], by epoch: those that the history holds."""
    figure = go.Figure()
    for name, colour, symbol in (("hope", BLUE, "circle"), ("faith", ORANGE, "diamond"), ("love", VERMILION, "square")):
        if name in history:
            by_epoch(figure, history["epoch"], history[name], name.title(), colour, symbol)
    return style(figure, 280, xaxis_title="epoch", yaxis_title="0 to 1", showlegend=True)
