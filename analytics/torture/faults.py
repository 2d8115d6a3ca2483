"""Kills and failing writes at every step of what changes models and audits: the former one or the new, never less."""

import resource
import signal
import tempfile
from functools import cache
from pathlib import Path

from analytics.torture.operations import OPERATIONS, home, leftovers
from analytics.torture.steps import FAILURES, Steps, in_child
from analytics.torture.trials import Trial

STRIDE = 23  # no divisor of any operation's number of steps


@cache
def steps_of(number):
    """The kinds of all steps of an operation, in order, counted in a run without a fault."""
    operation = OPERATIONS[number]
    with tempfile.TemporaryDirectory(dir=home()) as base:
        folder, told = Path(base) / "x", Path(base) / "steps"
        operation.begin(folder)
        steps = Steps()

        def work():
            operation.work(folder)
            kinds = list(steps.kinds)
            told.write_text("\n".join(kinds))

        code, errors = in_child(work, steps.install)
        if code:
            raise RuntimeError(f"{operation.name} fails without any fault: {errors}")
        return told.read_text().split("\n")


def choose(number):
    """An operation and one of its steps: the operations in turn, each through all its steps, far ones first."""
    operation, turn = number % len(OPERATIONS), number // len(OPERATIONS)
    kinds = steps_of(operation)
    at = turn * STRIDE % len(kinds)
    return OPERATIONS[operation], at, kinds[at]


def kill(rng, number):
    """Kill an operation at a step. What is there loads; done again it ends as if nothing had been."""
    operation, at, kind = choose(number)
    with tempfile.TemporaryDirectory(dir=home()) as base:
        folder = Path(base) / "x"
        operation.begin(folder)
        code, errors = in_child(lambda: operation.work(folder), Steps(at, share=rng.random()).install)
        trial = Trial(f"{operation.name}, {kind}", details=[operation.name, kind])
        if code != -signal.SIGKILL:
            trial.fault = f"was not killed at step {at}: {code} {errors[-200:]}"
            return trial
        state = operation.state(folder)
        trial.details.append(state)
        if state not in ("former", "new"):
            trial.fault = state
            return trial
        code, errors = in_child(lambda: operation.work(folder))
        if code or operation.state(folder) != "new":
            trial.fault = f"done again it ends with {code}, {operation.state(folder)}: {errors[-200:]}"
        elif leftovers(folder):
            trial.fault = f"left behind: {leftovers(folder)}"
        return trial


def fail(rng, number):
    """Let a step fail, or files have no more than so many bytes. The command says so; what was there is there."""
    operation, at, kind = choose(number)
    steps = Steps(at, share=rng.random(), error=int(rng.choice(FAILURES)))
    largest = int(2 ** rng.uniform(0, 17))
    limited = rng.random() < 0.4

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    with tempfile.TemporaryDirectory(dir=home()) as base:
        folder = Path(base) / "x"
        operation.begin(folder)
        code, errors = in_child(lambda: operation.work(folder), limit if limited else steps.install)
        what = "files of limited size" if limited else kind
        trial = Trial("told" if code == 2 else "done all the same" if code == 0 else "fault",
                      details=[operation.name, what])
        state = operation.state(folder)
        lines = [line for line in errors.splitlines() if line.strip() and "it/s" not in line and "step/s" not in line]
        if code not in (0, 2) or "Traceback" in errors:
            trial.fault = f"{operation.name}, {what}: {code}: {errors[-300:]}"
        elif code == 2 and not (lines and lines[-1].endswith(".")):
            trial.fault = f"{operation.name}, {what}: no sentence: {errors[-200:]}"
        elif state not in ("former", "new") or (code == 0 and state != "new"):
            trial.fault = f"{operation.name}, {what}: {code}, {state}"
        elif leftovers(folder):
            trial.fault = f"{operation.name}, {what}: left behind: {leftovers(folder)}"
        elif in_child(lambda: operation.work(folder))[0] or operation.state(folder) != "new":
            trial.fault = f"{operation.name}, {what}: cannot be done again"
        return trial
