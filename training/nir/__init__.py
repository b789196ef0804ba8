"""Networks to and from NIR files (docs/nir.md)."""
