"""Networks of one task side by side: learnt, quantised, co-simulated, exported, synthesised and costed."""
