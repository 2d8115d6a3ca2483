"""Images of a training, read once."""

import pytest

from deployment.lab.images import training_images


@pytest.fixture(scope="session")
def images():
    return training_images()


@pytest.fixture(scope="session")
def few(images):
    """3,000 training images, and the validation images."""
    return images[0].part(slice(3000)), images[1]
