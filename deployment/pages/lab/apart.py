"""The room "Take it apart" of the lab: each layer of a network for one digit, the sum of each unit, the steps forward
and back, surgery, and the training images behind an answer.

The browser sends the View, what is looked at; each answer is computed from it alone. What takes seconds is computed
once by a thread (inside/once.py), and the browser asks again until it is there.
"""

import hashlib
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2 import component

from core.digits.data import DataError
from core.explain import arithmetic, units
from core.explain.bench import Bench
from core.explain.units import LayerInfo
from core.formats import percent
from core.nn.network import Network
from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.lab.inside import grids, operation, passes, steps, teachers, unit
from deployment.pages.lab.inside.once import Job, Progress, shared
from deployment.pages.lab.inside.subject import Digit, Subject, digits, test_digits
from deployment.pages.lab.inside.view import PREFIX, View, surgery
from deployment.pages.lab.inside.write import pixels
from deployment.reader.malloc import trim
from deployment.reader.wording import public_message
from deployment.ui.assets import asset
from deployment.ui.html import notice

SCRIPTS = ("paint", "unit", "steps", "surgery", "teachers", "input")
SOON = 0.03  # seconds that an answer waits for what is computed once
IN_TRAINING = "the network in training"
_one_surgery = threading.Lock()  # so that the memory for it is needed once
_apart = component("lab_apart", html=asset("lab_apart.html"), css=asset("lab_apart.css"),
                   js="".join(asset(f"lab_apart_{name}.js") for name in SCRIPTS) + asset("lab_apart.js"))

Image = NDArray[np.floating]


@st.fragment
def render(deployer: MNISTDeployer, name: str, digit: Image | None, part: Mapping[str, Any] | None = None,
           trained: Network | None = None) -> None:
    """Show the room.

    name: of the deployer's model; digit: (28, 28) in [0, 1], that of the first tab; part: what a stop of the tour
    selects, {"layer", "unit", "panel", "operation"}; trained: a network of the other room, taken apart in place of the
    model.
    """
    try:
        subject = Subject.of_deployer(deployer, name) if trained is None else Subject.of_network(trained, IN_TRAINING)
        view, choice = _view(part), digits(digit)
        data = for_browser(subject, view, choice)
    except (DataError, OSError) as error:  # MNIST's files are missing or damaged
        st.html(notice(public_message(error)))
        return
    _apart(key="apart", data=data, on_view_change=lambda: None)


def for_browser(subject: Subject, view: View, choice: list[Digit]) -> dict[str, Any]:
    """Data for assets/lab_apart.js. choice: the digits to choose from; the first one is shown if the view's is missing.
    """
    infos = subject.layers
    digit = next((one for one in choice if one.id == view.digit), choice[0])
    x = subject.input(digit.image[None])[0]
    passed = arithmetic.forward(subject.network, x)
    answer = int(passed.probs.argmax())
    label = view.suppose if view.suppose is not None else answer if digit.label is None else digit.label
    cuts = surgery(view.operation, infos, subject.gated)
    shown = grids.for_browser(passed, digit.image, operation.changed_units(cuts, infos))
    names = {one["name"]: one for one in shown}
    if view.layer not in names:
        view = view.replaced(layer=infos[0].name, unit=None)
    if view.unit is None or view.unit >= names[view.layer]["size"]:
        view = view.replaced(unit=names[view.layer]["best"], weight=None)
    every = steps.steps(subject.network, infos)
    view = view.replaced(digit=digit.id, step=min(view.step, len(every) - 1))
    data: dict[str, Any] = {
        "digit": _picture(digit), "digits": [_picture(one) for one in choice], "grids": shown,
        "gate": subject.gated and "learned", "weights": operation.places(infos), "busy": False,
        "answer": f"Reads a {answer}: {percent(passed.probs[answer])}.",
        "note": f"{subject.name}, before calibration; {digit.words}",
        "backward": _steps_back(every, infos)}
    if view.panel == "unit":
        assert view.unit is not None, "chosen above"
        job = _top(subject.key, subject)
        job.wait(SOON)
        data["unit"] = unit.for_browser(subject, digit.image, view.layer, view.unit, job.result)
        data["busy"] = not job.done
    elif view.panel == "steps":
        back = passes.for_browser(subject, digit.image, passed, label, view)
        shown += back.pop("grids")
        view = view.replaced(layer=back.pop("layer", view.layer), unit=back.pop("unit", view.unit))
        data |= back
    elif view.panel == "surgery":
        data |= _operated(subject, x, digit, view)
    else:
        of = answer if view.of is None else view.of
        slot = teachers.slot(subject.key)
        if view.build and (slot.job is None or slot.job.fault is not None):
            slot.job = Job(teachers.make(subject))
            view = view.replaced(build=False)
        data["teachers"] = teachers.for_browser(subject, digit.image, of, slot.job)
        data["busy"] = slot.job is not None and not slot.job.done
    room = hashlib.sha256(subject.key.encode() + b"".join(one.image.tobytes() for one in choice)).hexdigest()[:16]
    data |= {"room": room, "id": f"{room} {digit.id} {label if view.panel == 'steps' else ''} {cuts!r}",
             "view": view.for_browser()}
    return data


def _steps_back(every: list[steps.Step], infos: list[LayerInfo]) -> dict[str, int]:
    """The step back of each grid of units."""
    back = {infos[step.layer].name: at for at, step in enumerate(every) if step.back and step.layer is not None}
    gate = next((info.name for info in infos if info.kind == "gated"), None)
    if gate in back:
        back[grids.GATE] = back[gate]
    return back | {grids.PROBS: back[infos[-1].name]}


def _picture(digit: Digit) -> dict[str, str]:
    return {"id": digit.id, "image": pixels(digit.image), "words": digit.words}


def _view(part: Mapping[str, Any] | None) -> View:
    """The view: as the browser sent it, or as the address or the tour asks when these have changed."""
    state = st.session_state
    query = {name: value for name, value in st.query_params.items() if name.startswith(PREFIX)}
    view, asked = state.get("apart_view"), (query, dict(part) if part else None)
    sent = View.from_browser(state.get("apart", {}).get("view"))
    if view is None or asked != state.get("apart_asked"):
        new = View.from_query(query)
        if part and asked[1] != state.get("apart_asked", (None, None))[1]:
            new = View.from_browser(part) or View()
        last = max(view.asked if view else 0, sent.asked if sent else 0)
        view = new.replaced(asked=last + 1)
    elif sent is not None and sent.asked > view.asked:
        view = sent
    for name in set(query) - set(view.to_query()):
        del st.query_params[name]
    st.query_params.update(view.to_query())
    state.apart_view, state.apart_asked = view, (view.to_query(), asked[1])
    return view


@st.cache_resource(max_entries=3, show_spinner=False)
def _top(key: str, _subject: Subject) -> Job[list[NDArray[np.int32]]]:
    """The test images that excite each unit most."""
    def make(progress: Progress) -> list[NDArray[np.int32]]:
        return units.top_images(_subject.network, test_digits()[0], unit.TOP, _subject.input_range)

    return Job(make)


def _operated(subject: Subject, x: Image, digit: Digit, view: View) -> dict[str, Any]:
    """The result of the surgery, or None while the bench is made; the session holds the bench and the last result."""
    state = st.session_state
    job: Job[Bench] = shared(f"bench {subject.key}", operation.bench(subject))
    state.apart_bench = job
    job.wait(SOON)
    if job.fault is not None or job.result is None:
        return {"result": None, "fault": job.fault, "busy": not job.done}
    bench, (key, previous) = job.result, state.get("apart_result", (None, None))
    cuts = surgery(view.operation, subject.layers, subject.gated)
    with _one_surgery:
        result = bench.result(cuts, x, previous if key == subject.key else None)
        del previous
        state.apart_result = subject.key, result
        if len(result.computed) > 1:
            trim()
    return {"result": operation.for_browser(result, bench.untouched, cuts, digit.label)}
