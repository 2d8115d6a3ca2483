"""Moved to analytics.studies.liminal."""

raise SystemExit("python -m analytics.liminal is now: python -m analytics.studies.liminal")
