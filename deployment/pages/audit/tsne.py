"""The audit's map: a t-SNE embedding of each layer's activations, with the position of the last digit."""

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
    """The map of one layer. Choosing a layer or points reruns only this section."""
    arrays = audit.arrays
    index, layers = arrays["map_index"], evidence.layers(arrays)
    section("The map", f"{len(index):,} test images by t-SNE of a hidden layer: similar activations lie together, far "
            "distances mean little. Crosses are errors.")
    layer = list(layers)[-1]
    if len(layers) > 1:
        layer = st.segmented_control("Layer", list(layers), default=layer, required=True, key=audit.key("layer"))
    star, caption = _last_digit(audit, layer)
    y, y_hat = arrays["y"][index], arrays["probs"][index].argmax(1)
    left, right = st.columns([5, 2])
    with left:
        event = chart(audit, charts.digit_map(layers[layer], y, y_hat, index, star), f"Map of the test images, layer "
                      f"{layer}: a group for each digit", "map", on_select="rerun", selection_mode="points")
    with right:
        st.caption(caption)
        chosen = [int(point["customdata"]) for point in (event["selection"]["points"] if event else [])
                  if "customdata" in point]
        st.caption("True digit, answer, confidence:" if chosen else "Point at an image to see it; click it to show "
                   "it here.")
        tiles(audit, chosen)
        _gate(audit)
    _hovered_image(audit)


@st.fragment
def _hovered_image(audit: Audit) -> None:
    """Sends the image of the point under the mouse to map.js."""
    key = audit.key("hover")
    point, picture = st.session_state.get(key, {}).get("point"), None
    try:
        if isinstance(point, int) and 0 <= point < len(audit.arrays["y"]):
            picture = png_uri(test_images()[point])
    except (OSError, ValueError):  # no images: the tiles report it
        pass
    _hover(key=key, data={"point": point, "picture": picture}, on_point_change=lambda: None)


def _gate(audit: Audit) -> None:
    """The gate of the last digit, if the loaded network has one."""
    values = getattr(st.session_state.get("last_prediction"), "gate", None)
    mean = audit.deployer.gate_mean
    if values is not None and mean is not None and np.shape(values) == np.shape(mean):
        st.html(gate(values, mean, average=False))


def _last_digit(audit: Audit, layer: str) -> tuple[charts.Star | None, str]:
    """(star or None, caption): this session's last reading on the layer's map."""
    last = st.session_state.get("last_prediction")
    if last is None:
        return None, "Draw a digit in the first tab: it appears here as a star."
    place = evidence.place_prediction(audit.arrays, layer, last.hidden) if audit.current else None
    if place is None:
        return None, "Your digit was read by another network."
    return (place, f"your digit, read as {last.digit}"), (
        f"The star is your last digit, read as {a(last.digit)} ({percent(last.confidence)}), at the mean place of "
        "its nearest neighbours.")
