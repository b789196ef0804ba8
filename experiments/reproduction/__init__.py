"""``rsnn reproduce``: everything under ``results/`` by one command, and what of it is stale."""
