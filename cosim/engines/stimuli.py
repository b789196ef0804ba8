"""Bits of a stimulus, one byte a cycle, as the engines of the Verilog take them (and ``harness.cpp``)."""

CODE_VALID, START, FIRST, LOGITS_READY, RESET = 1, 2, 4, 8, 16
