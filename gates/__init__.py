"""Standard cells and netlists: what Liberty files say, and what a mapped design is made of."""
