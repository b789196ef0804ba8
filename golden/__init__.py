"""Bit-exact golden model: specification, checkpoint, integer forward, cycle-accurate trace, host decoder."""
