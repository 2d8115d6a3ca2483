"""The tab "Lab": a network to watch while it learns, and to take apart. Built only when the tab is open."""

import streamlit as st

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.lab import apart, learn, tour

ROOMS = {"learn": "Watch it learn", "apart": "Take it apart"}


def render(deployer: MNISTDeployer) -> None:
    """Show the tab for the chosen model and the digit that the first tab has read last."""
    state, prediction = st.session_state, st.session_state.get("last_prediction")
    digit = prediction.image if prediction is not None else None
    with st.container(key="lab"):
        stop = tour.current()
        _open_room(stop)
        tour.show()
        st.segmented_control("Room of the lab", list(ROOMS), format_func=ROOMS.__getitem__, default=state.lab_room,
                             key=f"lab_room_{state.lab_turned}", label_visibility="collapsed", required=True,
                             on_change=_choose_room, args=(state.lab_turned,))
        if state.lab_room == "learn":
            learn.render(digit, stop.settings if stop else None)
        else:
            training = learn.training_of_session()
            mine = training.network() if training is not None else None
            asked = mine is not None and st.toggle("Take apart the network in training", key="lab_mine", value=not stop)
            apart.render(deployer, str(state.get("model")), digit, stop.part if stop else None, mine if asked else None)


def _open_room(stop: tour.Stop | None) -> None:
    """Open the room of the address, at first and when the address or the stop of the tour changed. The choice of rooms
    then gets a new key, as a fragment that reruns at that moment would send the old choice."""
    state, asked = st.session_state, stop.room if stop else st.query_params.get("room")
    address = asked, stop.title if stop else None
    if address != state.get("asked_room"):
        state.asked_room = address
        state.lab_room = asked if asked in ROOMS else state.get("lab_room", "learn")
        state.lab_turned = state.get("lab_turned", 0) + 1


def _choose_room(turned: int) -> None:
    """Put the chosen room into the address; it leaves the tour."""
    state = st.session_state
    if turned != state.lab_turned:
        return
    state.lab_room = st.query_params["room"] = state[f"lab_room_{turned}"]
    st.query_params.pop("stop", None)
    state.asked_room = (state.lab_room, None)
