"""Phone error rates of stages and baselines."""
