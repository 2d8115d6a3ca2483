"""The tab "Lab": a network to watch while it learns, and to take apart. Built only when the tab is open."""

import streamlit as st

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.lab import apart, learn, tour

ROOMS = {"learn": "Watch it learn", "apart": "Take it apart"}


def render(deployer: MNISTDeployer) -> None:
    """Show the tab for the chosen model and the digit that the first tab has read last."""
    prediction, name = st.session_state.get("last_prediction"), str(st.session_state.get("model"))
    digit = prediction.image if prediction is not None else None
    with st.container(key="lab"):
        stop = tour.current()
        _open_room(stop.room if stop else st.query_params.get("room"), stop)
        tour.show()
        room = st.segmented_control("Room of the lab", list(ROOMS), format_func=ROOMS.__getitem__, key="lab_room",
                                    label_visibility="collapsed", required=True, on_change=_choose_room)
        if room == "learn":
            learn.render(digit, stop.settings if stop else None)
        else:
            training = learn.training_of_session()
            mine = training.network() if training is not None else None
            asked = mine is not None and st.toggle("Take apart the network in training", key="lab_mine", value=not stop)
            apart.render(deployer, name, digit, stop.part if stop else None, mine if asked else None)


def _open_room(asked: str | None, stop: tour.Stop | None) -> None:
    """Open the room of the address, at first and when the address or the stop of the tour changed."""
    state, address = st.session_state, (asked, stop.title if stop else None)
    if address != state.get("asked_room"):
        state.lab_room = asked if asked in ROOMS else "learn"
    state.setdefault("lab_room", "learn")
    state.asked_room = address


def _choose_room() -> None:
    """Put the chosen room into the address; it leaves the tour."""
    st.query_params["room"] = st.session_state.lab_room
    st.query_params.pop("stop", None)
    st.session_state.asked_room = (st.session_state.lab_room, None)
