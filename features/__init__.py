"""From a sound file to 8-bit frames: audio reading, mel and cepstral front-ends, normalisation, corpora."""
