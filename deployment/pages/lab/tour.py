"""The guided tour of the lab: six stops, each an address with its room, its settings and two sentences."""

from dataclasses import dataclass, field
from html import escape
from typing import Any

import streamlit as st

PARAMETERS = ("lab_", "apart_")  # of the address: the settings of the two rooms


@dataclass(frozen=True)
class Stop:
    """A stop of the tour. room: "learn" or "apart"; settings: of LabSettings, by name; part: what the room "Take it
    apart" shows, {"layer", "unit", "panel", "operation"}."""

    title: str
    room: str
    sentences: str
    settings: dict[str, Any] = field(default_factory=dict)
    part: dict[str, Any] = field(default_factory=dict)


STOPS = (
    Stop("A unit", "apart", "A unit multiplies each input by a weight, adds a bias and passes on what is above zero. "
         "Select other units in the grid and compare the sum with the digit that this unit responds to most.",
         part={"layer": "hidden1", "panel": "unit"}),
    Stop("The gate", "apart", "The gate multiplies each feature by a value between 0 and 1 that it computes from all "
         "features of this digit. Here it is held open: this network, trained with its gate, now makes more errors, "
         "though a network trained without one reads as well.",
         part={"layer": "gate_values", "panel": "surgery", "operation": {"gate": "open"}}),
    Stop("The learning rate", "learn", "With a learning rate of 1.0 each step is too long, and the loss jumps about "
         "instead of falling. Start, read the hint, then apply it or move the rate yourself.",
         settings={"lr": 1.0}),
    Stop("Over-fitting", "learn", "Here the network learns from 1 % of the training images: it soon knows them by "
         "heart, and its accuracy on new images stays behind. Give it more images or augmentation while it trains.",
         settings={"share": 0.01, "pace": 0.0}),
    Stop("Doubt", "learn", "A third of the labels are wrong here, so being certain costs the network more than doubt. "
         "Watch the bars of the ten digits: they stay short, and the answers are still mostly right.",
         settings={"label_noise": 0.33}),
    Stop("Breaking it", "apart", "Remove the smallest weights in the surgery panel: the accuracy stays for a long time "
         "and then falls at once. Undo, switch a few large units off, and see how few it takes to change the answer.",
         part={"layer": "hidden2", "panel": "surgery", "operation": {"prune": {"all": 0.5}}}),
)


def current() -> Stop | None:
    """The stop in the address, None outside the tour."""
    asked = st.query_params.get("stop", "")
    return STOPS[int(asked) - 1] if asked.isdigit() and 1 <= int(asked) <= len(STOPS) else None


def show() -> None:
    """The strip of stops and the sentences of the present one."""
    stop = current()
    if stop is None:
        st.button("Take the tour: six stops", key="tour_start", icon=":material/tour:", on_click=_go, args=(1,))
        return
    number = STOPS.index(stop) + 1
    st.html(f'<section class="q q-notice" data-testid="tour" aria-live="polite"><p class="q-label">Stop {number} of '
            f'{len(STOPS)}: {escape(stop.title)}</p><p>{escape(stop.sentences)}</p></section>')
    with st.container(horizontal=True):
        st.button("Previous", key="tour_previous", disabled=number == 1, on_click=_go, args=(number - 1,))
        st.button("Next", key="tour_next", disabled=number == len(STOPS), on_click=_go, args=(number + 1,),
                  type="primary")
        st.button("End the tour", key="tour_end", on_click=_go, args=(None,))


def _go(number: int | None) -> None:
    """Put a stop into the address in place of what a room has put there; or none."""
    for name in [name for name in st.query_params if name in ("stop", "room") or name.startswith(PARAMETERS)]:
        del st.query_params[name]
    if number is not None:
        st.query_params["stop"] = str(number)
