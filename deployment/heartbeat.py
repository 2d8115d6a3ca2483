"""The loss of each epoch as a beating heart: plain HTML and CSS, played once, still where motion is not wanted."""

import html

import numpy as np

WIDEST, SLOWEST, LONGEST = 150, 0.7, 24  # pixels of the largest circle; seconds of a beat, and of the whole at most


def diameters(history: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """{"disc": training, "ring": validation} diameters in pixels, one an epoch: areas go as the loss."""
    losses = {part: np.asarray(history[key], float) for part, key in (("disc", "loss"), ("ring", "val_loss"))
              if len(history.get(key, ()))}
    top = max((loss[np.isfinite(loss)].max(initial=1e-9) for loss in losses.values()), default=1)
    return {part: WIDEST * np.sqrt(np.clip(np.nan_to_num(loss, nan=top, posinf=top), 0, top) / top)
            for part, loss in losses.items()}


def keyframes(name: str, widths: np.ndarray) -> str:
    """CSS keyframes: a beat an epoch, from its diameter a twelfth wider and back, on to the next epoch's."""
    step, frames = 100 / len(widths), []
    for i, width in enumerate(widths):
        for at, size in ((0.0, width), (0.25, 13 / 12 * width), (0.6, width)):
            frames.append(f"{(i + at) * step:.2f}%{{width:{size:.1f}px;height:{size:.1f}px}}")
    frames.append(f"100%{{width:{widths[-1]:.1f}px;height:{widths[-1]:.1f}px}}")
    return f"@keyframes {name}{{{''.join(frames)}}}"


def style(history: dict[str, np.ndarray], play: int) -> str:
    """The style sheet; play: 0 at rest, else which playing this is: another number starts the animation anew."""
    sizes = diameters(history)
    epochs = len(history["epoch"])
    rules = [f"""
.q-heart {{display:flex;gap:1.2rem;align-items:center;flex-wrap:wrap}}
.q-chest {{position:relative;width:{WIDEST + 20}px;height:{WIDEST + 20}px;flex:none}}
.q-chest span {{position:absolute;left:50%;top:50%;transform:translate(-50%,-50%);border-radius:50%;
 box-sizing:border-box}}
.q-disc {{background:#0072B2;opacity:.8}} .q-ring {{border:3px solid #E69F00}}
.q-tape {{height:4.5em;line-height:1.5;overflow:hidden;font-variant-numeric:tabular-nums}}
.q-tape>div {{transform:translateY(-{4.5 * (epochs - 1):.1f}em)}} .q-tape p {{margin:0;height:1.5em}}
.q-still {{display:none}}"""]
    if play:
        seconds = min(SLOWEST, LONGEST / epochs) * epochs
        for part, widths in sizes.items():
            rules.append(keyframes(f"q-{part}-{play}", widths))
            rules.append(f".q-{part} {{animation:q-{part}-{play} {seconds:.1f}s ease-in-out 1}}")
        rules.append(f"@keyframes q-tape-{play} {{from{{transform:none}}"
                     f"to{{transform:translateY(-{4.5 * epochs:.1f}em)}}}}")
        rules.append(f".q-tape>div {{animation:q-tape-{play} {seconds:.1f}s steps({epochs}) 1}}")
        rules.append("@media (prefers-reduced-motion: reduce) {.q-heart * {animation:none !important} "
                     ".q-still {display:block}}")
    return f"<style>{''.join(rules)}</style>"


def body(history: dict[str, np.ndarray]) -> str:
    """The circles at the last epoch and the tape of all epochs, as HTML."""
    circles = "".join(f'<span class="q-{part}" style="width:{widths[-1]:.1f}px;height:{widths[-1]:.1f}px"></span>'
                      for part, widths in diameters(history).items())
    lines = []
    for i, epoch in enumerate(history["epoch"]):
        told = [f"{word} loss {history[key][i]:.4f}" for word, key in (("training", "loss"), ("validation", "val_loss"))
                if len(history.get(key, ())) > i]
        lines.append("".join(f"<p>{html.escape(line)}</p>" for line in (
            [f"epoch {int(epoch)} of {len(history['epoch'])}", *told, *[" "] * (2 - len(told))])))
    return f"""<div class="q q-heart" data-testid="heartbeat"><div class="q-chest" aria-hidden="true">{circles}</div>
<div><div class="q-tape"><div>{"".join(lines)}</div></div>
<p class="q-still q-quiet">Motion is off, as your system asks; this is the last epoch.</p></div></div>"""
