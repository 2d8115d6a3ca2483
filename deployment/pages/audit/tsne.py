"""The audit's t-SNE map of each layer, with the position of the last digit read."""

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core.formats import percent
from deployment.pages.audit import evidence
from deployment.pages.audit.charts import tsne as charts
from deployment.pages.audit.parts import Audit, chart, guarded, section, test_images, tiles
from deployment.reader.wording import a
from deployment.ui.assets import asset
from deployment.ui.digit import gate
from deployment.ui.html import png_uri

_hover = component("map_hover", js=asset("map.js"))


@st.fragment
@guarded
def render(audit: Audit) -> None:
    """The map of one layer; choosing a layer or points reruns only this part."""
    arrays = audit.arrays
    index, layers = arrays["map_index"], evidence.layers(arrays)
    section("The map", f"{len(index):,} test images, placed by t-SNE: neighbours are similar in the hidden "
            "layer; large distances mean little. Crosses are errors.")
    layer = list(layers)[-1]
    if len(layers) > 1:
        layer = st.segmented_control("Layer", list(layers), default=layer, required=True, key=audit.key("layer"))
    star, words = _last_digit(audit, layer)
    y, y_hat = arrays["y"][index], arrays["probs"][index].argmax(1)
    left, right = st.columns([5, 2])
    with left:
        event = chart(audit, charts.digit_map(layers[layer], y, y_hat, index, star), f"Map of the test images, layer "
                      f"{layer}: a group for each digit", "map", on_select="rerun", selection_mode="points")
    with right:
        st.caption(words)
        chosen = [int(point["customdata"]) for point in (event.selection.points if event else [])
                  if "customdata" in point]
        st.caption("True digit, answer, confidence:" if chosen else "Point at an image to see it; "
                   "click to show it here.")
        tiles(audit, chosen)
        _gate(audit)
    _glimpse(audit)


@st.fragment
def _glimpse(audit: Audit) -> None:
    """The picture of the point under the mouse, requested by map.js."""
    key = audit.key("hover")
    point, picture = st.session_state.get(key, {}).get("point"), None
    try:
        if isinstance(point, int) and 0 <= point < len(audit.arrays["y"]):
            picture = png_uri(test_images()[point])
    except (OSError, ValueError):  # no images: reported by the other parts
        pass
    _hover(key=key, data={"point": point, "picture": picture}, on_point_change=lambda: None)


def _gate(audit: Audit) -> None:
    """The gate of the last digit, if the network has one."""
    last = st.session_state.get("last_prediction")
    values, mean = getattr(last, "gate", None), audit.deployer.gate_mean
    if values is not None and mean is not None and np.shape(values) == np.shape(mean):
        st.html(gate(values, mean, average=False))


def _last_digit(audit: Audit, layer: str) -> tuple:
    """((position, label), sentence) of the last reading on the map of the layer; (None, sentence) without one."""
    last = st.session_state.get("last_prediction")
    if last is None:
        return None, "Draw a digit in the first tab to see it here as a star."
    place = evidence.place_prediction(audit.arrays, layer, last.hidden) if audit.current else None
    if place is None:
        return None, "Your digit was read by another network than this map shows."
    return (place, f"your digit, read as {last.digit}"), (
        f"The star is your last digit, read as {a(last.digit)} ({percent(last.confidence)}), at the mean position of "
        "its nearest neighbours.")
