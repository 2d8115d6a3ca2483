"""A cluster of two workers for a whole module."""

import pytest

from analytics.archive.cluster import cluster


@pytest.fixture(scope="module")
def client():
    with cluster(workers=2) as client:
        yield client
