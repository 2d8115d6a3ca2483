"""Optimisers over one flat parameter vector, and learning-rate schedules as functions of the step.

An optimiser's `step(theta, grads, lr)` changes theta in place, chunk by chunk, so that all its streams stay in cache.
grads: (n,), or (parts, n) of which the gradient is the sum, taken on the way.
`state` names its arrays and counters: saving and restoring them resumes a run bit for bit.
"""

import math

import numpy as np

from core.nn.arguments import check_choice, check_length
from core.nn.parallel import for_chunks, scratch


class SGD:
    """theta -= lr * velocity, velocity = momentum * velocity + grad (Polyak 1964); weight decay is decoupled.

    decay_size: the first so many parameters decay (the weight matrices), the rest (biases) do not.
    """

    def __init__(self, theta, momentum=0.0, weight_decay=0.0, decay_size=None):
        self.momentum, self.weight_decay = momentum, weight_decay
        self.decay_size = theta.size if decay_size is None else decay_size
        self.state = {"velocity": np.zeros_like(theta)} if momentum else {}

    def step(self, theta, grads, lr):
        check_gradient(grads, theta)
        velocity = self.state.get("velocity")

        def update(start, stop):
            part, (g, s) = theta[start:stop], gradient(grads, start, stop)
            decay(part, start, lr * self.weight_decay, self.decay_size)
            if velocity is not None:
                v = velocity[start:stop]
                v *= self.momentum
                v += g
                g = v
            part -= np.multiply(g, theta.dtype.type(lr), out=s)

        for_chunks(update, theta.size)


class Adam:
    """Adam with bias correction (Kingma & Ba 2015); with weight_decay it is AdamW (Loshchilov & Hutter 2019).

    m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2,   theta -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
    """

    def __init__(self, theta, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, decay_size=None):
        self.beta1, self.beta2, self.eps, self.weight_decay = beta1, beta2, eps, weight_decay
        self.decay_size = theta.size if decay_size is None else decay_size
        self.state = {"m": np.zeros_like(theta), "v": np.zeros_like(theta), "t": np.zeros(1, np.int64)}

    def step(self, theta, grads, lr):
        check_gradient(grads, theta)
        self.state["t"] += 1
        t = int(self.state["t"][0])
        b1, b2 = self.beta1, self.beta2
        # m and v are kept without their factors 1 - b1 and 1 - b2; these and both corrections are folded into two
        # numbers, so that the vectors are passed over four times less
        root = math.sqrt((1 - b2**t) / (1 - b2))
        scale = lr * (1 - b1) / (1 - b1**t) * root
        eps = self.eps * root

        def update(start, stop):
            part, (g, s) = theta[start:stop], gradient(grads, start, stop)
            m, v = self.state["m"][start:stop], self.state["v"][start:stop]
            decay(part, start, lr * self.weight_decay, self.decay_size)
            m *= b1
            m += g
            np.multiply(g, g, out=s)
            v *= b2
            v += s
            np.sqrt(v, out=s)
            s += eps
            np.divide(m, s, out=s)
            s *= scale
            part -= s

        for_chunks(update, theta.size)


def check_gradient(grads, theta):
    if grads.ndim not in (1, 2) or grads.shape[-1] != theta.size:
        raise ValueError(f"an optimiser needs grads of shape ({theta.size},) or (parts, {theta.size}), not "
                         f"{grads.shape}")


def gradient(grads, start, stop):
    """One chunk of the gradient, summed up where it comes in parts, and as much room for intermediate values."""
    room = scratch(2 * (stop - start), grads.dtype)
    g, rest = room[: stop - start], room[stop - start :]
    if grads.ndim == 1 or len(grads) == 1:
        return grads.reshape(-1)[start:stop], rest
    np.add(grads[0, start:stop], grads[1, start:stop], out=g)
    for more in grads[2:]:
        g += more[start:stop]
    return g, rest


def total(grads):
    """The gradient (n,) of parts (parts, n), which are added up into the first."""
    if grads.ndim == 1:
        return grads
    for more in grads[1:]:
        grads[0] += more
    return grads[0]


def decay(part, start, amount, decay_size):
    """Shrink by 1 - amount whatever of this chunk lies among the first decay_size parameters."""
    if amount and start < decay_size:
        part[: decay_size - start] *= 1 - amount


def make_optimizer(config, theta, decay_size):
    """The optimiser a Config asks for: "sgd" (with or without momentum), "adam" or "adamw"."""
    check_choice("optimizer", config.optimizer, ("sgd", "adam", "adamw"))
    if config.optimizer == "sgd":
        return SGD(theta, config.momentum, config.weight_decay, decay_size)
    weight_decay = config.weight_decay if config.optimizer == "adamw" else 0.0
    return Adam(theta, config.beta1, config.beta2, config.eps, weight_decay, decay_size)


def clip_norm(grads, limit):
    """Scale grads in place to a Euclidean norm of at most `limit` (Pascanu et al. 2013); returns the norm found."""
    norm = math.sqrt(float(np.dot(grads, grads)))
    if norm > limit:
        grads *= grads.dtype.type(limit / norm)
    return norm


def update_average(average, theta, decay_rate):
    """average = decay_rate * average + (1 - decay_rate) * theta, in place: the EMA of the weights."""
    check_length("update_average", "average", average, theta.size)

    def update(start, stop):
        part = average[start:stop]
        s = np.subtract(theta[start:stop], part, out=scratch(stop - start, theta.dtype))
        s *= theta.dtype.type(1 - decay_rate)
        part += s

    for_chunks(update, theta.size)


def learning_rate(config, step, total_steps):
    """The learning rate at a step (0-based) of a run of total_steps.

    constant; step: times `step_factor` each `step_epochs`, told apart by share of the run; cosine: down to `final_lr`
    of the peak (Loshchilov & Hutter 2017). All rise linearly to the peak during `warmup` of the run.
    """
    check_choice("schedule", config.schedule, ("constant", "step", "cosine"))
    done = step / max(1, total_steps)
    if config.warmup and done < config.warmup:
        return config.lr * (step + 1) / (config.warmup * total_steps + 1)
    if config.schedule == "constant":
        return config.lr
    if config.schedule == "step":
        return config.lr * config.step_factor ** int(done * config.epochs / config.step_epochs)
    progress = (done - config.warmup) / (1 - config.warmup)
    return config.lr * (config.final_lr + (1 - config.final_lr) * 0.5 * (1 + math.cos(math.pi * progress)))
