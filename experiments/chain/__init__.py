"""Speech through the whole chain: one sound file, many, or a corpus."""
