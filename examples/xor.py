"""Learn XOR with the engine alone: `python examples/xor.py`."""

import numpy as np

from core.nn.layers import Dense, Sigmoid
from core.nn.loop import train
from core.nn.losses import softmax
from core.nn.network import Network
from core.nn.optimizers import Adam
from core.nn.schedules import constant

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
y = np.array([0, 1, 1, 0])

rng = np.random.default_rng(0)
network = Network([("hidden", Dense(2, 8, "xavier")), ("activation", Sigmoid()), ("output", Dense(8, 2, "xavier"))])
network.initialise(rng)
train(network, X, y, Adam(network.theta), constant(0.05), epochs=500, batch_size=4, rng=rng)

for x, probs in zip(X, softmax(network.logits(X)), strict=True):
    print(f"{x[0]:.0f} xor {x[1]:.0f} = {probs.argmax()}   (probability {probs.max():.3f})")
