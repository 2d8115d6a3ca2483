"""Kills and write errors at every step of the operations that change models and audits.

Afterwards the folder must contain the previous or the new state, completely.
"""

import resource
import signal
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from analytics.torture.operations import OPERATIONS, Operation, home, leftovers
from analytics.torture.steps import FAILURES, Steps, in_child
from analytics.torture.trials import Trial

STRIDE = 23  # coprime to the number of steps of every operation


@cache
def steps_of(number: int) -> list[str]:
    """The kinds of all steps of an operation, in order, recorded in a run without a fault."""
    operation = OPERATIONS[number]
    with tempfile.TemporaryDirectory(dir=home()) as base:
        folder, record = Path(base) / "x", Path(base) / "steps"
        operation.begin(folder)
        steps = Steps()

        def work() -> None:
            operation.work(folder)
            kinds = list(steps.kinds)
            record.write_text("\n".join(kinds))

        code, errors = in_child(work, steps.install)
        if code:
            raise RuntimeError(f"{operation.name} fails without a planted fault: {errors}")
        return record.read_text().split("\n")


def choose(number: int) -> tuple[Operation, int, str]:
    """(operation, step, kind of step) of a trial: the operations in turn, each through all its steps with STRIDE."""
    operation, turn = number % len(OPERATIONS), number // len(OPERATIONS)
    kinds = steps_of(operation)
    at = turn * STRIDE % len(kinds)
    return OPERATIONS[operation], at, kinds[at]


def kill(rng: np.random.Generator, number: int) -> Trial:
    """Kill an operation at a step. The folder must load, and repeating the operation must complete it."""
    operation, at, kind = choose(number)
    with tempfile.TemporaryDirectory(dir=home()) as base:
        folder = Path(base) / "x"
        operation.begin(folder)
        code, errors = in_child(lambda: operation.work(folder), Steps(at, share=rng.random()).install)
        trial = Trial(f"{operation.name}, {kind}", details=[operation.name, kind])
        if code != -signal.SIGKILL:
            trial.fault = f"not killed at step {at}: {code} {errors[-200:]}"
            return trial
        state = operation.state(folder)
        trial.details.append(state)
        if state not in ("previous", "new"):
            trial.fault = state
            return trial
        code, errors = in_child(lambda: operation.work(folder))
        if code or operation.state(folder) != "new":
            trial.fault = f"repeated, it ends with {code}, {operation.state(folder)}: {errors[-200:]}"
        elif leftovers(folder):
            trial.fault = f"left behind: {leftovers(folder)}"
        return trial


def fail(rng: np.random.Generator, number: int) -> Trial:
    """Raise an error at a step, or limit the size of files. The command must report it and leave a complete state."""
    operation, at, kind = choose(number)
    steps = Steps(at, share=rng.random(), error=int(rng.choice(FAILURES)))
    max_bytes = int(2 ** rng.uniform(0, 17))
    limited = rng.random() < 0.4

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, max_bytes))

    with tempfile.TemporaryDirectory(dir=home()) as base:
        folder = Path(base) / "x"
        operation.begin(folder)
        code, errors = in_child(lambda: operation.work(folder), limit if limited else steps.install)
        cause = "limited file size" if limited else kind
        trial = Trial("error reported" if code == 2 else "completed" if code == 0 else "fault",
                      details=[operation.name, cause])
        state = operation.state(folder)
        lines = [line for line in errors.splitlines() if line.strip() and "it/s" not in line and "step/s" not in line]
        if code not in (0, 2) or "Traceback" in errors:
            trial.fault = f"{operation.name}, {cause}: {code}: {errors[-300:]}"
        elif code == 2 and not (lines and lines[-1].endswith(".")):
            trial.fault = f"{operation.name}, {cause}: not a sentence: {errors[-200:]}"
        elif state not in ("previous", "new") or (code == 0 and state != "new"):
            trial.fault = f"{operation.name}, {cause}: {code}, {state}"
        elif leftovers(folder):
            trial.fault = f"{operation.name}, {cause}: left behind: {leftovers(folder)}"
        elif in_child(lambda: operation.work(folder))[0] or operation.state(folder) != "new":
            trial.fault = f"{operation.name}, {cause}: cannot be repeated"
        return trial
