"""The environment of a shell that knows nothing of this checkout."""

import os


def outside(**variables):
    """The variables of this process without those that lead to the checkout or its environment, and further ones."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")} | variables
