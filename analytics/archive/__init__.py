"""Archives of pictures read by many workers: `python -m analytics.archive SOURCE --out DIR`."""
