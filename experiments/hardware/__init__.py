"""The Verilog: engines, export, faults, proofs, gates."""
