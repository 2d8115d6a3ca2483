"""A paired, preregistered study of the emotional gate: analytics/reports/gate.md."""
