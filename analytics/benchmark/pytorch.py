"""PyTorch's side of the benchmark, written as its tutorials would, with the faster of its own options (fused)."""

import time
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from analytics.benchmark.qualm import neighbour, pictures, random_batch, timed
from core.digits.presets import PRESETS
from core.digits.task import load_parts
from core.nn.schedules import make_schedule

torch.set_num_threads(2)


class Gate(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.read = nn.Linear(n, n)

    def forward(self, h):
        return h * torch.sigmoid(self.read(h))


def build(hidden, gate):
    sizes = [784, *hidden]
    layers = [part for n_in, n_out in pairwise(sizes) for part in (nn.Linear(n_in, n_out), nn.ReLU())]
    return nn.Sequential(*layers, *([Gate(sizes[-1])] if gate else []), nn.Linear(sizes[-1], 10))


def make_optimizer(network, name, lr=1e-3, weight_decay=0.01):
    if name == "adamw":
        return torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=weight_decay, fused=True)
    return torch.optim.Adam(network.parameters(), lr=lr, fused=True)


def train_step(network, optimizer, X, y, smoothing=0.0):
    optimizer.zero_grad(set_to_none=True)
    functional.cross_entropy(network(X), y, label_smoothing=smoothing).backward()
    optimizer.step()


def step(hidden, gate, batch, optimizer, repeats, busy=False, compiled=False):
    """Seconds of one training step, eager or compiled."""
    torch.manual_seed(0)
    network = build(hidden, gate)
    optimizer = make_optimizer(network, optimizer)
    network = torch.compile(network) if compiled else network
    X, y = map(torch.from_numpy, random_batch(batch))
    for _ in range(3):  # whatever is compiled is compiled before a neighbour comes
        train_step(network, optimizer, X, y)
    with neighbour(busy):
        return timed(lambda: train_step(network, optimizer, X, y), repeats)


def gaussian_kernel(sigma):
    places = torch.arange(-int(3 * sigma), int(3 * sigma) + 1, dtype=torch.float32)
    kernel = torch.exp(-(places**2) / (2 * sigma**2))
    return kernel / kernel.sum()


def augment(images, config):
    """Random affine map, elastic field and stroke thickness of images (N, 1, 28, 28), through grid_sample."""
    n = len(images)
    uniform = lambda limit: (2 * torch.rand(n) - 1) * limit  # noqa: E731
    angle, shear = torch.deg2rad(uniform(config.rotation)), uniform(config.shear)
    height, width = 1 + uniform(config.scale), 1 + uniform(config.scale)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack([torch.stack([cos / width, (sin + shear) / height, uniform(config.shift / 14)], 1),
                         torch.stack([-sin / width, cos / height, uniform(config.shift / 14)], 1)], 1)
    kernel = gaussian_kernel(config.elastic_sigma)
    reach = len(kernel) // 2
    field = functional.pad(torch.randn(2 * n, 1, 28, 28), [reach] * 4, mode="circular" if reach <= 28 else "constant")
    field = functional.conv2d(functional.conv2d(field, kernel[None, None, :, None]), kernel[None, None, None, :])
    field = field / field.std() * (config.elastic * torch.rand(n)).repeat_interleave(2)[:, None, None, None] / 14
    grid = functional.affine_grid(theta, (n, 1, 28, 28), align_corners=False)
    amount = uniform(config.thickness)[:, None, None, None]
    thick = functional.max_pool2d(images, 3, 1, 1)
    thin = -functional.max_pool2d(-images, 3, 1, 1)
    images = images + amount.clamp(min=0) * (thick - images) - amount.clamp(max=0) * (thin - images)
    return functional.grid_sample(images, grid + field.view(n, 2, 28, 28).permute(0, 2, 3, 1), align_corners=False)


def with_batch_norm(network):
    """The network with a normalisation after each linear layer but the last and the gate's."""
    return nn.Sequential(*[part for layer in network for part in (
        (layer, nn.BatchNorm1d(layer.out_features))
        if isinstance(layer, nn.Linear) and layer.out_features != 10 else (layer,))])


class Training:
    """One of our presets in PyTorch: the same network, schedule, optimiser and augmentation (but no ornaments, and
    nothing from the stroke model)."""

    def __init__(self, config, train):
        self.config = config
        self.X, self.y = torch.from_numpy(train.X)[:, None], torch.from_numpy(np.asarray(train.y, np.int64))
        torch.manual_seed(config.seed)
        network = build(config.hidden, config.gate)
        self.network = with_batch_norm(network) if config.batch_norm else network
        self.optimizer = make_optimizer(self.network, config.optimizer, weight_decay=config.weight_decay)
        self.steps = len(self.X) // config.batch_size
        self.done = 0

    def epoch(self):
        self.network.train()
        for chosen in torch.randperm(len(self.X)).split(self.config.batch_size)[: self.steps]:
            for group in self.optimizer.param_groups:
                group["lr"] = make_schedule(self.config, self.config.epochs * self.steps)(self.done)
            augmented = augment(self.X[chosen].float() / 255, self.config).flatten(1)
            train_step(self.network, self.optimizer, augmented, self.y[chosen], self.config.label_smoothing)
            self.done += 1

    def accuracy(self, X, y):
        self.network.eval()
        with torch.inference_mode():
            return (self.network(X).argmax(1) == y).float().mean().item()


def epoch(config, images):
    """Seconds of training one epoch of a preset on so many images."""
    config, seconds = PRESETS[config], []
    training = Training(config, load_parts(config)["train"].part(slice(0, images)))
    for _ in range(2):  # the first warms up
        started = time.perf_counter()
        training.epoch()
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def reach(target, epochs, seed):
    """Seconds of training the preset "sprint" from nothing until validation accuracy is `target`, and the epochs; None
    where it is not. As ours: reading the data is not counted, evaluating is."""
    config = PRESETS["sprint"].replace(epochs=epochs, seed=seed)
    parts = load_parts(config)
    X, y = torch.from_numpy(parts["validation"].X.reshape(-1, 784)).float() / 255, torch.from_numpy(
        np.asarray(parts["validation"].y, np.int64))
    started, training = time.perf_counter(), Training(config, parts["train"])
    for number in range(epochs):
        training.epoch()
        if training.accuracy(X, y) >= target:
            return [time.perf_counter() - started, number + 1]
    return [None, epochs]


def predict(n, repeats):
    """Seconds from images (n, 28, 28) to probabilities with the shipped weights in a PyTorch network.

    It is spared the signals of doubt, which ours and the ONNX file compute: its calibration is the temperature alone.
    """
    from core.models import model
    from core.nn.losses import softmax

    saved = model.load()
    network = build(saved.config.hidden, saved.config.gate)
    arrays = list(saved.network.params)
    linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for module, params in zip(linear, filter(None, arrays), strict=True):
            W, b = params.values()
            module.weight.copy_(torch.from_numpy(W.T.copy()))
            module.bias.copy_(torch.from_numpy(b))
    images = pictures(n)

    def one():
        with torch.inference_mode():
            X = torch.from_numpy(images).reshape(n, 784).float() / 255
            return torch.softmax(network(X) / saved.readout.temperature, 1).numpy()

    logits = saved.network.logits(images[:1].reshape(1, 784) / np.float32(255))
    np.testing.assert_allclose(one()[:1], softmax(logits / saved.readout.temperature), atol=1e-5)
    return timed(one, repeats)
