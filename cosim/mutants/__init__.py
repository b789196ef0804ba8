"""Mutants of the exported Verilog: small changes, all in one text, and which the comparison with golden sees."""
