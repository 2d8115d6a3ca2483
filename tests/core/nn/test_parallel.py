"""Chunks of work on threads: every element exactly once, whatever the sizes."""

import threading

import numpy as np
import pytest

from core.nn import parallel
from core.nn.parallel import Pool, for_chunks, for_rows, scratch, side_by_side


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("n, chunk", [(0, 4), (1, 4), (4, 4), (5, 4), (23, 4), (24, 4)])
def test_every_element_exactly_once(monkeypatch, threads, n, chunk):
    monkeypatch.setattr(parallel, "THREADS", threads)
    monkeypatch.setattr(parallel, "_pool", Pool(threads - 1) if threads > 1 else None)
    seen = np.zeros(n, int)

    def work(start, stop):
        assert 0 < stop - start <= chunk
        seen[start:stop] += 1

    for_chunks(work, n, chunk)
    assert (seen == 1).all()


@pytest.mark.parametrize("n", [2, 6, 7])
def test_threads_share_the_work(monkeypatch, n):
    """Each of two waits for the other before either goes on."""
    monkeypatch.setattr(parallel, "THREADS", 2)
    monkeypatch.setattr(parallel, "_pool", Pool(1))
    met, parts = threading.Barrier(2, timeout=20), {}

    def work(start, stop):
        mine = parts.setdefault(threading.get_ident(), [])
        if not mine:
            met.wait()
        mine.append((start, stop))

    for_chunks(work, n, 1)
    assert sorted(map(len, parts.values())) == [n // 2, n - n // 2]


def test_a_single_chunk_stays_in_its_thread(monkeypatch):
    monkeypatch.setattr(parallel, "_pool", None)  # would fail where it is asked
    monkeypatch.setattr(parallel, "THREADS", 2)
    seen = []
    for_chunks(lambda start, stop: seen.append((start, stop, threading.get_ident())), 4, 4)
    assert seen == [(0, 4, threading.get_ident())]


@pytest.mark.parametrize("width, rows", [(1, 1 << 15), (1024, 32), (1 << 16, 1)])
def test_rows_come_in_chunks_of_a_stated_size(width, rows):
    sizes = []
    for_rows(lambda part: sizes.append(part.stop - part.start), np.empty((2 * rows, width), np.uint8))
    assert sizes == [rows, rows]


@pytest.mark.parametrize("shape", [(7, 3), (300, 1024), (1, 100_000)])
def test_rows_are_covered(shape):
    matrix = np.zeros(shape, np.float32)

    def work(rows):
        matrix[rows] += 1

    for_rows(work, matrix)
    assert (matrix == 1).all()


def test_an_error_in_a_thread_is_not_lost():
    def work(start, stop):
        if start:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        for_chunks(work, 100, 10)


def test_scratch_has_the_size_and_type_asked_for():
    first = scratch(10, np.float64)
    assert first.shape == (10,) and first.dtype == np.float64
    large = scratch(parallel.CHUNK * 3, np.float64)
    assert large.shape == (parallel.CHUNK * 3,)
    large[:] = 1  # all of it is there to be written
    assert np.shares_memory(scratch(5, np.float32), large)


@pytest.fixture
def two_threads(monkeypatch):
    monkeypatch.setattr(parallel, "THREADS", 2)
    monkeypatch.setattr(parallel, "_pool", Pool(1))
    monkeypatch.setattr(parallel, "has_one_thread", lambda: True)


def test_halves_run_side_by_side_and_their_chunks_stay_with_them(two_threads):
    met = threading.Barrier(2, timeout=20)

    def work(half):
        met.wait()  # each waits for the other before either goes on
        idents = set()
        for_chunks(lambda start, stop: idents.add(threading.get_ident()), 10, 1)
        return half, idents, threading.get_ident()

    (first, here, mine), (second, there, theirs) = side_by_side(work, 2)
    assert (first, second) == (0, 1) and here == {mine} and there == {theirs} and mine != theirs
    assert mine == threading.get_ident()
    seen = set()
    for_chunks(lambda start, stop: (met.wait(), seen.add(threading.get_ident())), 2, 1)
    assert len(seen) == 2, "afterwards both share the chunks again"


def test_halves_follow_each_other_where_blas_has_the_cores(two_threads, monkeypatch):
    monkeypatch.setattr(parallel, "has_one_thread", lambda: False)
    order = []
    side_by_side(lambda half: order.append((half, threading.get_ident())), 2)
    assert order == [(0, threading.get_ident()), (1, threading.get_ident())]


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_one_half_waits_for_the_other(two_threads, failing):
    done = []

    def work(half):
        if half == failing:
            raise ZeroDivisionError
        done.append(half)

    with pytest.raises(ZeroDivisionError):
        side_by_side(work, 2)
    assert done == [1 - failing]


def test_work_within_work_stays_where_it_is(two_threads):
    """A thread of the pool that shared out its own chunks would wait for itself."""
    def work(start, stop):
        seen = set()
        for_chunks(lambda start, stop: seen.add(threading.get_ident()), 8, 1)
        if threading.current_thread() is not threading.main_thread():
            assert seen == {threading.get_ident()}

    for_chunks(work, 4, 1)


def test_many_callers_share_the_pool(two_threads):
    """Each gets its own answers, whoever's work the threads are at."""
    found = {}

    def call(number):
        found[number] = [parallel._pool.together(lambda i: (number, i), 3) for _ in range(50)]

    callers = [threading.Thread(target=call, args=(number,)) for number in range(5)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert found == {number: [[(number, i) for i in range(3)]] * 50 for number in range(5)}
