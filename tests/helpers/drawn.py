"""Pictures by their moments, and draws that come out as a test wants them."""

import numpy as np


def moments(images):
    """Area, centre (row, column) and axis of inertia in degrees, 0 level and 90 upright, of images (N, 784)."""
    images = images.reshape(-1, 28, 28)
    rows, columns = np.indices((28, 28))
    mass = images.sum(axis=(1, 2))
    r, c = ((images * axis).sum(axis=(1, 2)) / mass for axis in (rows, columns))
    dr, dc = rows - r[:, None, None], columns - c[:, None, None]
    rr, cc, rc = ((images * part).sum(axis=(1, 2)) for part in (dr * dr, dc * dc, -dr * dc))
    return mass, r, c, np.rad2deg(0.5 * np.arctan2(2 * rc, cc - rr))


class Drawn:
    """A stand-in for a generator whose uniform draws all come out at one end."""

    def __init__(self, share):
        self.share = share

    def uniform(self, low, high, size=None):
        return np.full(size, low + self.share * (high - low))

    def standard_normal(self, size, dtype):
        return np.zeros(size, dtype)


class Chosen:
    """A stand-in for a generator whose uniform draws come out, in turn, at these shares of their ranges."""

    def __init__(self, *shares):
        self.shares = list(shares)

    def uniform(self, low=0.0, high=1.0, size=None):
        return np.full(size, low + self.shares.pop(0) * (high - low))
