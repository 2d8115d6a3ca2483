"""PyTorch's side of the benchmark, written as its tutorials would, with the faster of its own options (fused)."""

import time
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from analytics.benchmark.qualm import random_batch, timed

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


def make_optimizer(network, name, lr=1e-3):
    kind = torch.optim.AdamW if name == "adamw" else torch.optim.Adam
    return kind(network.parameters(), lr=lr, fused=True)


def train_step(network, optimizer, X, y, smoothing=0.0):
    optimizer.zero_grad(set_to_none=True)
    functional.cross_entropy(network(X), y, label_smoothing=smoothing).backward()
    optimizer.step()


def step(hidden, gate, batch, optimizer, repeats):
    """Seconds of one eager training step."""
    torch.manual_seed(0)
    network = build(hidden, gate)
    optimizer = make_optimizer(network, optimizer)
    X, y = map(torch.from_numpy, random_batch(batch))
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


def epoch(config, images):
    """Seconds of training the same network on so many images with the same augmentation (but no ornaments)."""
    from core.digits.presets import PRESETS
    from core.digits.task import load_parts

    config = PRESETS[config]
    train = load_parts(config)["train"].part(slice(0, images))
    X, y = torch.from_numpy(train.X)[:, None], torch.from_numpy(np.asarray(train.y, np.int64))
    torch.manual_seed(0)
    network = build(config.hidden, config.gate)
    if config.batch_norm:
        network = nn.Sequential(*[part for layer in network for part in (
            (layer, nn.BatchNorm1d(layer.out_features))
            if isinstance(layer, nn.Linear) and layer.out_features != 10 else (layer,))])
    optimizer, seconds = make_optimizer(network, config.optimizer), []
    for _ in range(2):  # the first warms up
        started = time.perf_counter()
        for chosen in torch.randperm(len(X)).split(config.batch_size)[: len(X) // config.batch_size]:
            augmented = augment(X[chosen].float() / 255, config).flatten(1)
            train_step(network, optimizer, augmented, y[chosen], config.label_smoothing)
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def reach(targets, epochs, seed):
    """For each validation accuracy: seconds and epochs of a plain script, or None and all epochs where it is not met.

    Plain: Adam at 1e-3, batch 64, neither augmentation nor a schedule. It stops at the last target.
    """
    from core.digits.presets import PRESETS
    from core.digits.task import load_parts

    config = PRESETS["sprint"]
    parts = load_parts(config)
    X, X_val = (torch.from_numpy(parts[name].X.reshape(-1, 784)).float() / 255 for name in ("train", "validation"))
    y, y_val = (torch.from_numpy(np.asarray(parts[name].y, np.int64)) for name in ("train", "validation"))
    torch.manual_seed(seed)
    started, best, reached = time.perf_counter(), 0.0, [[None, epochs] for _ in targets]
    network = build(config.hidden, config.gate)
    optimizer = make_optimizer(network, "adam")
    for number in range(epochs):
        for chosen in torch.randperm(len(X)).split(64):
            train_step(network, optimizer, X[chosen], y[chosen])
        with torch.no_grad():
            best = max(best, (network(X_val).argmax(1) == y_val).float().mean().item())
        for i, target in enumerate(targets):
            if best >= target and reached[i][0] is None:
                reached[i] = [time.perf_counter() - started, number + 1]
        if best >= max(targets):
            break
    return reached


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
    images = np.random.default_rng(0).integers(0, 256, (n, 28, 28), dtype=np.uint8)

    def one():
        with torch.inference_mode():
            X = torch.from_numpy(images).reshape(n, 784).float() / 255
            return torch.softmax(network(X) / saved.readout.temperature, 1).numpy()

    logits = saved.network.logits(images[:1].reshape(1, 784) / np.float32(255))
    np.testing.assert_allclose(one()[:1], softmax(logits / saved.readout.temperature), atol=1e-5)
    return timed(one, repeats)
