"""Chunks of work on threads: every element exactly once, whatever the sizes."""

import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest

from core.nn import parallel
from core.nn.parallel import Pool, for_chunks, for_rows, in_one_thread, products, scratch, side_by_side


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


@pytest.mark.parametrize("shape", [(3, 4, 5), (64, 784, 10), (64, 784, 512), (784, 64, 300), (37, 512, 308)])
@pytest.mark.parametrize("transposed", [False, True])
def test_products_are_the_same_bits_on_one_thread_or_two(two_threads, shape, transposed, monkeypatch):
    rows, inner, columns = shape
    rng = np.random.default_rng(0)
    a = rng.standard_normal((rows, inner)).astype(np.float32)
    b = rng.standard_normal((columns, inner)).astype(np.float32).T if transposed else rng.standard_normal(
        (inner, columns)).astype(np.float32)
    threads = set()
    matmul = np.matmul
    monkeypatch.setattr(np, "matmul", lambda *args, **out: (threads.add(threading.get_ident()), matmul(*args, **out)))
    alone, beside, second = (np.full((rows, columns), np.nan, np.float32) for _ in range(3))
    with in_one_thread():
        products((a, b, alone))
    assert threads == {threading.get_ident()}
    products((a, b, beside))
    np.testing.assert_array_equal(beside, alone)
    np.testing.assert_array_equal(alone, a @ b)
    large = rows * inner * columns >= parallel.SPLIT
    assert len(threads) == 1 + large
    products((a, b, beside), (a[::-1], b, second))
    np.testing.assert_array_equal(second, a[::-1] @ b)


def test_no_product_is_no_work():
    products()


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


def waits_in_child(check):
    """The exit code of a forked process that runs check(), which ends it with 0 where all is well; ended after 20 s."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of what is tested here
        process = os.fork()
    if not process:
        code = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20)  # its default ends a process that hangs
            check()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def meets():
    """Fails unless two threads share the work in this process."""
    met = threading.Barrier(2, timeout=10)
    for_chunks(lambda start, stop: met.wait(), 2, 1)
    assert [half for half, _ in side_by_side(lambda half: (half, met.wait()), 2)] == [0, 1]


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@forks
def test_a_forked_process_has_threads_of_its_own(two_threads):
    meets()
    assert waits_in_child(meets) == 0
    meets()


@forks
def test_a_process_may_be_forked_while_the_threads_work_and_the_lock_is_held(two_threads):
    meets()
    begun, over, pool = threading.Event(), threading.Event(), parallel._pool
    caller = threading.Thread(target=for_chunks, args=(lambda start, stop: (begun.set(), over.wait(20)), 2, 1))
    caller.start()
    assert begun.wait(20)
    with pool._starting:
        code = waits_in_child(meets)
    over.set()
    caller.join(20)
    assert code == 0


@forks
@pytest.mark.parametrize("forking", [0, 1], ids=["the caller", "a thread of the pool"])
def test_a_process_may_be_forked_within_the_work(two_threads, forking):
    codes = side_by_side(lambda half: waits_in_child(meets) if half == forking else None, 2)
    assert codes[forking] == 0


@forks
def test_a_forked_process_stays_in_one_thread_where_that_was_asked_for(two_threads):
    def check():
        seen = set()
        for_chunks(lambda start, stop: seen.add(threading.get_ident()), 8, 1)
        assert seen == {threading.get_ident()}

    with parallel.in_one_thread():
        assert waits_in_child(check) == 0


@pytest.fixture
def ctrl_c():
    """SIGINT raises KeyboardInterrupt, as in a terminal; a shell's background processes ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("interrupts", [1, 3])
def test_an_interrupt_waits_for_the_other_threads(two_threads, ctrl_c, interrupts):
    """Ctrl-C while the caller waits, once or again and again: it is raised when nothing is written any more."""
    ended, main = [], threading.get_ident()

    def work(half):
        if half:
            for _ in range(interrupts):
                time.sleep(0.05)
                signal.pthread_kill(main, signal.SIGINT)
            time.sleep(0.1)
            ended.append(half)

    with pytest.raises(KeyboardInterrupt):
        parallel._pool.together(work, 2)
    assert ended == [1]
    assert parallel._pool.together(lambda i: i, 3) == [0, 1, 2], "and the pool still serves"


def test_wherever_an_interrupt_comes_the_work_has_ended(two_threads):
    """A timer that goes off after another few microseconds each time: all that other threads began has ended."""
    def stop(signum, frame):
        raise KeyboardInterrupt

    raised, before = 0, signal.signal(signal.SIGALRM, stop)
    try:
        for delay in range(1, 200):
            begun, ended = [], []

            def work(i, begun=begun, ended=ended):
                if i:  # the caller's own share is what an interrupt may cut short
                    begun.append(i)
                    sum(range(500))
                    ended.append(i)

            try:
                signal.setitimer(signal.ITIMER_REAL, delay * 2e-6)
                parallel._pool.together(work, 4)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                raised += 1
                assert sorted(ended) == sorted(begun) and len(begun) in (0, 3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert raised


def test_how_numpy_treats_errors_holds_in_all_threads(two_threads):
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        side_by_side(lambda half: np.float64(1) / np.float64(1 - half), 2)
