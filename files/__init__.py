"""Reading and writing files: bounds, names and their quoting, files and folders whole or not at all."""
