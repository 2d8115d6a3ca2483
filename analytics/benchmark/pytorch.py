"""The benchmark's measurements of PyTorch, written as in its tutorials, with the faster fused optimisers."""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import torch  # pyright: ignore[reportMissingImports]  # installed by requirements-bench.txt alone
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from analytics.benchmark.qualm import busy_process, pictures, timed, training_batch
from core.digits.config import Config
from core.digits.presets import PRESETS
from core.digits.task import Images, digit_network, load_parts
from core.models import model
from core.models.model import Model
from core.nn.network import Network
from core.nn.schedules import make_schedule
from core.uncertainty.calibration import Evidence

torch.set_num_threads(2)


class Gate(nn.Module):
    """The emotional gate: h * sigmoid(W h + b)."""

    def __init__(self, n: int):
        super().__init__()
        self.linear = nn.Linear(n, n)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        return h * torch.sigmoid(self.linear(h))


def build(hidden: Sequence[int], gate: bool) -> nn.Sequential:
    sizes = [784, *hidden]
    layers = [part for n_in, n_out in pairwise(sizes) for part in (nn.Linear(n_in, n_out), nn.ReLU())]
    return nn.Sequential(*layers, *([Gate(sizes[-1])] if gate else []), nn.Linear(sizes[-1], 10))


def make_optimizer(parameters: Iterable[torch.Tensor] | Iterable[dict], name: str, lr: float = 1e-3
                   ) -> torch.optim.Optimizer:
    """parameters: of a module, or groups of them, each with its settings."""
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name](parameters, lr=lr, fused=True)


def train_step(network: Callable[[torch.Tensor], torch.Tensor], optimizer: torch.optim.Optimizer, X: torch.Tensor,
               y: torch.Tensor, smoothing: float = 0.0) -> None:
    optimizer.zero_grad(set_to_none=True)
    functional.cross_entropy(network(X), y, label_smoothing=smoothing).backward()
    optimizer.step()


def step(hidden: Sequence[int], gate: bool, batch: int, optimizer: str, repeats: int, busy: bool = False,
         compiled: bool = False) -> list[float]:
    """Seconds of one training step, eager or compiled."""
    torch.manual_seed(0)
    network = build(hidden, gate)
    updates = make_optimizer(network.parameters(), optimizer)
    forward = torch.compile(network) if compiled else network
    X, y = map(torch.from_numpy, training_batch(batch))
    for _ in range(3):  # compilation ends before the busy process starts
        train_step(forward, updates, X, y)
    with busy_process(busy):
        return timed(lambda: train_step(forward, updates, X, y), repeats)


def smooth_noise(n: int, sigma: float) -> torch.Tensor:
    """Noise smoothed with a Gaussian of sigma pixels, with a standard deviation of 1: (n, 1, 28, 28)."""
    places = torch.arange(-int(3 * sigma), int(3 * sigma) + 1, dtype=torch.float32)
    kernel = torch.exp(-(places**2) / (2 * sigma**2))
    kernel /= kernel.square().sum().sqrt()
    size = 28 + len(kernel) - 1
    noise = torch.randn(n, 1, size, size)
    return functional.conv2d(functional.conv2d(noise, kernel[None, None, :, None]), kernel[None, None, None, :])


def augment(images: torch.Tensor, config: Config) -> torch.Tensor:
    """Random affine map, elastic field and stroke thickness of images (N, 1, 28, 28), by grid_sample."""
    n = len(images)
    uniform = lambda limit: (2 * torch.rand(n) - 1) * limit  # noqa: E731
    angle, shear = torch.deg2rad(uniform(config.rotation)), uniform(config.shear)
    height, width = 1 + uniform(config.scale), 1 + uniform(config.scale)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack([torch.stack([cos / width, (sin + shear) / height, uniform(config.shift / 14)], 1),
                         torch.stack([-sin / width, cos / height, uniform(config.shift / 14)], 1)], 1)
    amplitude = (config.elastic * torch.rand(n)).repeat_interleave(2)[:, None, None, None]
    field = smooth_noise(2 * n, config.elastic_sigma) * amplitude / 14
    grid = functional.affine_grid(theta, [n, 1, 28, 28], align_corners=False)
    amount = uniform(config.thickness)[:, None, None, None]
    thick = functional.max_pool2d(images, 3, 1, 1)
    thin = -functional.max_pool2d(-images, 3, 1, 1)
    images = images + amount.clamp(min=0) * (thick - images) - amount.clamp(max=0) * (thin - images)
    return functional.grid_sample(images, grid + field.view(n, 2, 28, 28).permute(0, 2, 3, 1), align_corners=False)


class HalvesNorm(nn.BatchNorm1d):
    """Batch normalisation of each half of a batch by itself, as in Qualm's training."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return torch.cat([super(HalvesNorm, self).forward(half) for half in input.chunk(2 if self.training else 1)])


def trainable(config: Config) -> nn.Sequential:
    """The network of a Config, with Qualm's initial weights."""
    network = digit_network(config).initialise(np.random.default_rng([config.seed, 0]))
    parts = []
    for params in network.params:
        if "W" in params:
            parts.append(nn.Linear(*params["W"].shape))
        elif "Wg" in params:
            parts.append(Gate(len(params["bg"])))
        else:
            parts.append(HalvesNorm(len(params["gamma"])) if "gamma" in params else nn.ReLU())
    module = nn.Sequential(*parts)
    copy_weights(network, module)
    return module


class Training:
    """A Qualm preset in PyTorch: the same initial weights, schedule, optimiser, batch normalisation and augmentation.

    Ornaments and images of the stroke model are left out; validation uses running averages of the batch statistics.
    """

    def __init__(self, config: Config, train: Images):
        self.config = config
        self.X, self.y = torch.from_numpy(train.X)[:, None], torch.from_numpy(np.asarray(train.y, np.int64))
        torch.manual_seed(config.seed)
        self.network = trainable(config)
        matrices = [p for p in self.network.parameters() if p.ndim > 1]
        vectors = [p for p in self.network.parameters() if p.ndim == 1]
        self.optimizer = make_optimizer([{"params": matrices, "weight_decay": config.weight_decay},
                                         {"params": vectors, "weight_decay": 0.0}], config.optimizer, config.lr)
        self.steps = len(self.X) // config.batch_size
        self.schedule = make_schedule(config, config.epochs * self.steps)
        self.done = 0

    def epoch(self) -> None:
        self.network.train()
        for batch in torch.randperm(len(self.X)).split(self.config.batch_size)[: self.steps]:
            for group in self.optimizer.param_groups:
                group["lr"] = self.schedule(self.done)
            augmented = augment(self.X[batch].float() / 255, self.config).flatten(1)
            train_step(self.network, self.optimizer, augmented, self.y[batch], self.config.label_smoothing)
            self.done += 1

    def accuracy(self, X: torch.Tensor, y: torch.Tensor) -> float:
        self.network.eval()
        with torch.inference_mode():
            return (self.network(X).argmax(1) == y).float().mean().item()


def epoch(config: str, images: int) -> list[float]:
    """Seconds of one training epoch of the preset `config` on the first `images` training images."""
    preset, seconds = PRESETS[config], []
    training = Training(preset, load_parts(preset)["train"].part(slice(0, images)))
    for _ in range(2):  # the first is a warm-up
        started = time.perf_counter()
        training.epoch()
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def reach(target: float, epochs: int, seed: int) -> list[float | None]:
    """[seconds, epochs] of training the preset "sprint" until the validation accuracy is `target`.

    Seconds are None when it is not reached. As for Qualm, they include evaluation but not loading the data.
    """
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


def copy_weights(network: Network, module: nn.Module) -> None:
    """Copy the weights of a Qualm network into a PyTorch module of the same form; batch normalisation begins alike."""
    linear = [part for part in module.modules() if isinstance(part, nn.Linear)]
    weights = [params for params in network.params if params and "gamma" not in params]
    with torch.no_grad():
        for part, params in zip(linear, weights, strict=True):
            W, b = params.values()
            part.weight.copy_(torch.from_numpy(W.T.copy()))
            part.bias.copy_(torch.from_numpy(b))


def shipped(saved: Model) -> nn.Sequential:
    """The shipped network in PyTorch."""
    network = build(saved.config.hidden, saved.config.gate)
    copy_weights(saved.network, network)
    return network


def log_error(H: torch.Tensor, mean: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """The logarithm of core.uncertainty.novelty's reconstruction error of activations H (N, h): (N,)."""
    residual = H - mean
    total = residual.square().sum(1) + 1e-12
    lost = (residual - (residual @ basis) @ basis.T).square().sum(1)
    return (torch.maximum(lost, 1e-9 * total) / total).log() / 2


def predict(n: int, repeats: int) -> list[float]:
    """Seconds from images (n, 28, 28) to calibrated probabilities with all uncertainty signals, as Qualm's.

    The network and the signals are PyTorch's; the calibration, a function of 13 numbers an image, is Qualm's.
    """
    saved, images = model.load(), pictures(n)
    network, readout = shipped(saved), saved.readout
    subspaces = [(torch.from_numpy(part.mean), torch.from_numpy(part.basis)) for part in (readout.first, readout.last)]

    def probabilities() -> np.ndarray:
        with torch.inference_mode():
            first = network[:2](torch.from_numpy(images).reshape(n, 784).float() / 255)
            gated = network[2:-1](first)
            errors = torch.stack([log_error(first, *subspaces[0]), log_error(gated, *subspaces[1])], 1)
            norm = (gated.square().sum(1).sqrt() + 1e-6).log()
            evidence = Evidence(network[-1](gated).numpy(), errors.numpy(), norm.numpy())
        return readout.calibration.probabilities(evidence)

    expected = saved.unaugmented_probabilities(images.reshape(n, 784) / np.float32(255))
    np.testing.assert_allclose(probabilities(), expected, atol=1e-4)
    return timed(probabilities, repeats)
