"""Properties of the Verilog that a solver proves for every input, and the proofs."""
