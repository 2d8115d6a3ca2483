"""The lab's server times: a line says whether the goal was reached."""

import time

from analytics.benchmark.lab import row


def test_a_row_says_what_missed_its_goal():
    calls = []
    fast, slow = (row("surgery", lambda: (calls.append(1), time.sleep(0.002)), 3, goal) for goal in (1000, 1))
    assert len(calls) == 6
    assert fast.endswith("(goal 1000)") and slow.endswith("(goal 1, missed)")
    smallest, median, processor = (float(fast.split(name)[1].split()[0].rstrip(",")) for name in
                                   ("surgery", "median", "processor"))
    assert 2 <= smallest <= median and processor < smallest
