"""From a corpus to codes and labels."""
