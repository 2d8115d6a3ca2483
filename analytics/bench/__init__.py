"""The contenders of `python -m analytics.benchmark`: one module each, with functions of the same names.

Every function builds its network, warms up, and returns measurements; each call runs in a process of its own, so that
one library's waiting threads cannot slow down another's.
"""
