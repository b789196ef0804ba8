"""From labels to a checkpoint: stages, objectives, pruning, quantisation, scores."""
