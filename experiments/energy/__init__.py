"""Power: tables, curves, operating points, what the paper implies."""
