"""Does the emotional gate help? A paired study with its protocol written first: analytics/reports/gate.md."""
