"""The paper's story, plot by plot: every row and every mark says whose its number is."""
