"""Corpus readers: original layouts in, utterance records out."""
