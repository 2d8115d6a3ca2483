"""Short trainings of ideas for the shipped network, compared by a rule that was written before the first run."""
