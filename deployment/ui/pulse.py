"""Animation of a training run: a disc and a ring that change with the epochs, and a tape with the numbers.

Plain HTML and CSS, played once on request and static with prefers-reduced-motion.
"""

import html

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDEST = 150  # pixels of the largest disc
LINE = 1.5  # em, height of a line of the tape
CSS = f"""
.q-pulse {{display:flex;gap:1.2rem;align-items:center;flex-wrap:wrap}}
.q-chest {{position:relative;width:{WIDEST + 20}px;height:{WIDEST + 20}px;flex:none}}
.q-chest span {{position:absolute;left:50%;top:50%;transform:translate(-50%,-50%);border-radius:50%;
 box-sizing:border-box}}
.q-disc {{background:#0072B2;opacity:0.8}} .q-ring {{border:3px solid #E69F00}}
.q-tape {{line-height:{LINE};overflow:hidden;font-variant-numeric:tabular-nums}}
.q .q-tape p {{margin:0;height:{LINE}em}}
.q-still {{display:none}}"""


def breathing(history: dict, play: int) -> str:
    """One cycle per epoch: the disc grows to Hope and shrinks to Faith, the ring is Love; areas are proportional.

    history: lists "epoch", "hope", "faith" and "love" of equal lengths. play: 0 for a still picture; another number
    starts the animation.
    """
    hope, faith, love, n = history["hope"], history["faith"], history["love"], len(history["epoch"])
    parts = {"disc": breaths(widths(hope), widths(faith)), "ring": steps(widths(love))}
    tape = [[f"epoch {epoch} of {n}", f"Hope {h:.3f}", f"Faith {f:.3f}", f"Love {v:.3f}"]
            for epoch, h, f, v in zip(history["epoch"], hope, faith, love, strict=True)]
    return render("breathing", parts, tape, min(3.0, 36 / n) * n, play)


def widths(values: ArrayLike, top: float = 1.0) -> NDArray[np.floating]:
    """Diameters in pixels whose areas are proportional to values in [0, top]; non-finite values count as top."""
    values = np.nan_to_num(np.asarray(values, float), nan=top, posinf=top)
    return WIDEST * np.sqrt(np.clip(values, 0, top) / top)


def breaths(full: NDArray, empty: NDArray) -> list[tuple[float, float]]:
    """Frames (share of the run, width) that go to `full` and back to `empty` in each epoch."""
    n = len(full)
    frames = [((i + at) / n, size) for i in range(n) for at, size in ((0, empty[i]), (0.5, full[i]))]
    return [*frames, (1.0, empty[-1])]


def steps(sizes: NDArray) -> list[tuple[float, float]]:
    """Frames (share of the run, width), one per epoch."""
    return [*((i / len(sizes), size) for i, size in enumerate(sizes)), (1.0, sizes[-1])]


def keyframes(name: str, frames: list[tuple[float, float]]) -> str:
    """CSS keyframes of the width of a circle."""
    inner = "".join(f"{100 * at:.2f}%{{width:{width:.1f}px;height:{width:.1f}px}}" for at, width in frames)
    return f"@keyframes {name}{{{inner}}}"


def render(name: str, parts: dict[str, list], tape: list[list[str]], seconds: float, play: int) -> str:
    """Style and body as HTML. parts: frames of "disc" and "ring"; tape: lines per epoch, the last ones stay shown."""
    root = f".q-{name}"
    lines, n = max(map(len, tape)), len(tape)
    high = lines * LINE
    rules = [CSS, f"{root} .q-tape {{height:{high}em}}",
             f"{root} .q-tape>div {{transform:translateY(-{high * (n - 1):.1f}em)}}"]
    if play:
        for part, frames in parts.items():
            rules += [keyframes(f"{name}-{part}-{play}", frames),
                      f"{root} .q-{part} {{animation:{name}-{part}-{play} {seconds:.1f}s ease-in-out 1}}"]
        end = f"transform:translateY(-{high * n:.1f}em)"
        rules += [f"@keyframes {name}-tape-{play} {{from{{transform:none}}to{{{end}}}}}",
                  f"{root} .q-tape>div {{animation:{name}-tape-{play} {seconds:.1f}s steps({n}) 1}}",
                  f"@media (prefers-reduced-motion: reduce) {{{root} * {{animation:none !important}} "
                  f"{root} .q-still {{display:block}}}}"]
    circles = "".join(f'<span class="q-{part}" style="width:{frames[-1][1]:.1f}px;height:{frames[-1][1]:.1f}px"></span>'
                      for part, frames in parts.items())
    lines_of_tape = "".join(f"<p>{html.escape(line)}</p>" for epoch in tape
                            for line in epoch + [" "] * (lines - len(epoch)))
    return f"""<style>{"".join(rules)}</style><div class="q q-pulse q-{name}" data-testid="{name}" data-play="{play}">
<div class="q-chest" aria-hidden="true">{circles}</div><div><div class="q-tape"><div>{lines_of_tape}</div></div>
<p class="q-still q-quiet">Your system turns motion off; this is the last epoch.</p></div></div>"""
