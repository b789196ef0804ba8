"""Engines that run the RTL, the scoreboard that compares it with golden, activity counters, waveforms."""
