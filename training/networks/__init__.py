"""Networks in torch, and what the training loop asks of them."""
