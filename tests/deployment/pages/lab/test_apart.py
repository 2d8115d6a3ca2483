"""The room "Take it apart" without a browser: what it is sent, and what it makes of what the browser sends."""

from decimal import Decimal

import numpy as np
import pytest

from core.explain.surgery import Noise, Pruning, Surgery, UnitChange
from core.nn.network import build_network
from core.nn.settings import NetworkSettings
from deployment.pages.lab import apart
from deployment.pages.lab.inside import passes, subject, teachers, view, write
from deployment.pages.lab.inside.once import Job, shared
from deployment.pages.lab.inside.view import View


def network(gate=True, activation="relu", hidden=(12, 9)):
    settings = NetworkSettings(hidden=hidden, activation=activation, gate=gate, batch_norm=False)
    return build_network(settings, 784, 10).initialise(np.random.default_rng(3))


NETWORKS = {"gated": network(), "plain": network(gate=False), "sigmoid": network(activation="sigmoid"),
            "open": network().with_gate(1.0), "one layer": network(hidden=(5,))}


@pytest.fixture(params=NETWORKS)
def of(request):
    return subject.Subject.of_network(NETWORKS[request.param], "a network")


@pytest.fixture(scope="module")
def choice():
    return subject.digits(np.random.default_rng(1).random((28, 28)))


def number(text):
    return Decimal(text.replace("\N{MINUS SIGN}", "-"))


def adds_up(of):
    """Whether the displayed terms, rest and bias are the displayed total."""
    *parts, total = [number(value) for _, value, _ in of["lines"][:3]]
    return sum((number(row["term"]) for row in of["rows"]), sum(parts)) == total


def test_each_unit_of_each_layer_is_a_sum_that_adds_up(of, choice):
    names = [grid["name"] for grid in apart.for_browser(of, View(), choice)["grids"]]
    assert names[0] == "input" and names[-1] == "probs"
    for name in names:
        for index in (0, 3):
            sent = apart.for_browser(of, View(layer=name, unit=index), choice)
            assert sent["view"]["layer"] == name and sent["view"]["unit"] == index
            if sent["unit"]["rows"]:
                assert adds_up(sent["unit"]), name


def test_each_step_has_its_numbers_and_a_gradient_adds_up(of, choice):
    count = len(apart.for_browser(of, View(panel="steps"), choice)["steps"])
    shown = 0
    for step in range(count):
        sent = apart.for_browser(of, View(panel="steps", step=step, suppose=3), choice)
        now = sent["steps"][step]
        assert any(grid["name"] == now["grid"] for grid in sent["grids"])
        assert now["formula"] and (now.get("sum") or now.get("table") or not sent["view"]["step"] or "= −ln" in
                                   now["formula"])
        if now["back"]:
            chosen = sent["view"]
            weight = apart.for_browser(of, View.from_browser({**chosen, "weight": 2}), choice)["weight"]
            *rest, (_, total, _) = weight["lines"]
            parts = [*(row["term"] for row in weight["rows"]), *(value for _, value, _ in rest)]
            assert sum(map(number, parts)) == number(total)
            assert len(weight["rows"]) == 9
            shown += 1
    assert shown == len([grid for grid in sent["grids"] if grid["name"].startswith("back_")])


def test_derivatives_are_those_of_the_loss(of, choice):
    """The derivative by the bias of a unit is its delta: a central difference agrees."""
    net, x = of.network, of.input(choice[3].image[None]).astype(np.float64)
    double = type(net)(list(zip(net.names, net.layers, strict=True)), np.float64).load(net.named_parameters())

    def loss():
        logits = double.forward(x)[0][0]
        return np.log(np.exp(logits - logits.max()).sum()) - (logits - logits.max())[4]

    for name, delta in passes.deltas_of(double, x[0], 4).items():
        bias = double.named_parameters()[f"{name}_{'bg' if name == 'gate' else 'b'}"]
        for unit in range(min(3, len(bias))):
            losses = []
            for step in (1e-5, -1e-5):
                bias[unit] += step
                losses.append(loss())
                bias[unit] -= step
            assert delta[unit] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-4, abs=1e-9), name


def test_surgery_answers_for_the_digit_and_the_validation_images(of, choice, monkeypatch):
    monkeypatch.setattr(apart.st, "session_state", Session())
    operation = {"units": [{"layer": "hidden1", "do": "off", "value": 0, "units": list(range(of.layers[0].size))}]}
    for _ in range(200):
        sent = apart.for_browser(of, View(panel="surgery", operation=operation), choice)
        if not sent["busy"]:
            break
    result = sent["result"]
    assert result["n"] == 2000 and next(grid for grid in sent["grids"] if grid["name"] == "hidden1")["changed"]
    assert float(result["facts"][0][2].split()[0]) < 25  # the answer no longer depends on the image
    untouched = apart.for_browser(of, View(panel="surgery"), choice)["result"]
    assert "Nothing is changed" in untouched["sentence"] and untouched["facts"][0][1] == untouched["facts"][0][2]


class Session(dict):
    __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__


def test_an_operation_becomes_a_surgery():
    infos = subject.Subject.of_network(NETWORKS["gated"], "").layers
    operation = {"units": [{"layer": "hidden2", "do": "scale", "value": 2.5, "units": [8, 9, 100]},
                           {"layer": "nowhere", "do": "off", "value": 0, "units": [1]}],
                 "noise": {"all": 0.5}, "prune": {"hidden1": 0.25, "all": 0.1}, "temperature": 2.0, "gate": "open"}
    made = view.surgery(operation, infos, True)
    assert made == Surgery((UnitChange(1, (8,), 2.5, 0.0), *(Noise(i, 0.5, seed=i) for i in range(len(infos))),
                            Pruning(0.25, 0), Pruning(0.1, None)), 2.0, "open")
    assert view.surgery(operation, infos, False).gate == "learned"


def test_a_view_comes_back_from_its_address():
    operation = {"units": [{"layer": "hidden2", "do": "off", "value": 0.0, "units": [1, 5]}], "prune": {"all": 0.3}}
    asked = View(panel="surgery", layer="gate", unit=7, digit="583", operation=operation)
    assert View.from_query(asked.to_query()) == asked
    assert View().to_query() == {} and View.from_query({}) == View()


@pytest.mark.parametrize("sent", [
    None, 3, [], "x", {"panel": "nothing", "unit": -1, "layer": 7, "operation": "x", "asked": "many"},
    {"unit": 1e400, "operation": {"units": [{"layer": "hidden1", "do": "explode", "value": 1, "units": [1]}]}},
    {"operation": {"units": 5}}, {"operation": {"noise": {"all": float("nan")}}}, {"operation": {"gate": "ajar"}},
    {"operation": {"units": [{"layer": "hidden1", "do": "scale", "value": float("inf"), "units": [1]}]}},
])
def test_what_is_invalid_counts_as_the_default(sent):
    made = View.from_browser(sent)
    assert made is None if not isinstance(sent, dict) else made == View()


def test_shares_and_temperature_stay_in_range():
    made = View.from_browser({"operation": {"prune": {"all": 7}, "noise": {"all": -1}, "temperature": 0}})
    assert made.operation == {"prune": {"all": 1.0}, "noise": {"all": 0.0}, "temperature": 0.01}


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (2.9456, "2.95"), (-0.00925, "−0.00925"), (0.00044, "4.40 · 10⁻⁴"), (-1234.5, "−1234"),
    (9.9999e-9, "1.00 · 10⁻⁸")])
def test_numbers_have_three_significant_digits(value, text):
    assert write.number(value) == text


def test_a_job_says_how_far_it_is_and_what_went_wrong():
    def work(progress):
        progress(0.5)
        raise ValueError("no file")

    failed, done = Job(work), Job(lambda progress: 7)
    failed.wait(5)
    done.wait(5)
    assert failed.fault == "no file" and failed.progress == 0.5 and failed.done
    assert done.result == 7 and done.fault is None and done.done


def test_a_shared_job_lives_as_long_as_somebody_holds_it():
    made = []

    def work(progress):
        made.append(1)
        return np.zeros(3)

    first = shared("test", work)
    first.wait(5)
    assert shared("test", work) is first and len(made) == 1
    del first
    shared("test", work).wait(5)
    assert len(made) == 2


def test_teachers_are_asked_for_once(choice, monkeypatch):
    of = subject.Subject.of_network(NETWORKS["one layer"], "a network")
    few = np.arange(300)
    monkeypatch.setattr(teachers, "load_split", lambda: {"train": few})
    asked = View(panel="teachers", of=4, digit="0")
    assert apart.for_browser(of, asked, choice)["teachers"]["for"] is None
    sent = apart.for_browser(of, asked.replaced(build=True), choice)
    assert not sent["view"]["build"] and (sent["busy"] or sent["teachers"]["for"])
    teachers.slot(of.key).job.wait(20)
    shown = apart.for_browser(of, asked, choice)["teachers"]
    assert len(shown["for"]) == len(shown["against"]) == teachers.COUNT and "300 training images" in shown["note"]
    values = [number(one["value"]) for one in shown["for"]]
    assert values == sorted(values, reverse=True) and min(values) > 0
    assert all(number(one["value"]) < 0 for one in shown["against"])


@pytest.fixture
def page(monkeypatch):
    """A session and an address without a browser."""
    monkeypatch.setattr(apart.st, "session_state", Session())
    monkeypatch.setattr(apart.st, "query_params", {"tab": "Lab"})
    return apart.st


def sends(page, **values):
    """The browser sends a newer view."""
    page.session_state["apart"] = {"view": {**page.session_state.apart_view.for_browser(), **values,
                                            "asked": page.session_state.apart_view.asked + 1}}


def test_the_browser_moves_the_view_and_the_address_follows(page):
    first = apart._view(None)
    assert first == View(asked=1) and page.query_params == {"tab": "Lab"}
    sends(page, layer="hidden2", unit=7)
    assert apart._view(None).unit == 7
    assert page.query_params == {"tab": "Lab", "apart_layer": "hidden2", "apart_unit": "7"}
    sends(page, layer="hidden1", unit=None)
    apart._view(None)
    assert page.query_params == {"tab": "Lab"}
    assert apart._view(None) == apart._view(None)  # an old view that comes again changes nothing


def test_the_address_and_a_stop_of_the_tour_move_the_view(page):
    apart._view(None)
    sends(page, unit=7)
    asked = apart._view(None).asked
    page.query_params["apart_unit"] = "9"  # the browser's Back
    assert apart._view(None) == View(unit=9, asked=asked + 1)
    stop = {"layer": "gate", "unit": 3, "panel": "surgery"}
    shown = apart._view(stop)
    assert (shown.layer, shown.unit, shown.panel) == ("gate", 3, "surgery") and shown.asked == asked + 2
    sends(page, unit=5)
    assert apart._view(stop).unit == 5  # one may look around at a stop
    assert apart._view({"layer": "hidden2"}).layer == "hidden2"
    assert apart._view(None).layer == "hidden2"  # the end of the tour leaves what is shown
