"""Networks, losses, and one training loop for all of them."""
