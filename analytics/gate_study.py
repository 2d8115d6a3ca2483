"""Moved to analytics.studies.gate."""

raise SystemExit("python -m analytics.gate_study is now: python -m analytics.studies.gate")
