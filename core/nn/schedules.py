"""Learning-rate schedules: functions step -> learning rate, steps counted from 0, which compose.

    schedule = warmup(cosine(1e-3, start=100, stop=1000), steps=100)
"""

import math
from collections.abc import Callable

from core.nn.arguments import check_choice
from core.nn.settings import FitSettings

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """lr at every step."""
    return lambda step: lr


def staircase(lr: float, factor: float, every: float) -> Schedule:
    """lr multiplied by `factor` after each `every` steps."""
    return lambda step: lr * factor ** int(step / every)


def cosine(lr: float, start: float, stop: float, final: float = 0.0) -> Schedule:
    """lr until step `start`, then half a cosine down to final * lr at step `stop` (Loshchilov & Hutter 2017)."""
    def schedule(step: int) -> float:
        progress = min(max((step - start) / (stop - start), 0), 1)
        return lr * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress)))

    return schedule


def warmup(schedule: Schedule, steps: float) -> Schedule:
    """A linear rise to schedule(0) during the first `steps`, then the schedule."""
    return lambda step: schedule(0) * (step + 1) / (steps + 1) if step < steps else schedule(step)


def make_schedule(settings: FitSettings, total_steps: int) -> Schedule:
    """The schedule that settings describe, for a run of total_steps."""
    check_choice("schedule", settings.schedule, ("constant", "step", "cosine"))
    rise = settings.warmup * total_steps
    if settings.schedule == "constant":
        schedule = constant(settings.lr)
    elif settings.schedule == "step":
        schedule = staircase(settings.lr, settings.step_factor, settings.step_epochs * total_steps / settings.epochs)
    else:
        schedule = cosine(settings.lr, rise, total_steps, settings.final_lr)
    return warmup(schedule, rise)
