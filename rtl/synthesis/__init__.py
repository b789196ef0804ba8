"""Gates of the exported Verilog: netlists, area, timing, proofs of equivalence and a place-and-route run."""
