"""Moved to analytics.studies.reproduce."""

raise SystemExit("python -m analytics.reproduce is now: python -m analytics.studies.reproduce")
