"""Optional extra: the torch model of the same arithmetic, alignment, pruning, quantisation, export."""
