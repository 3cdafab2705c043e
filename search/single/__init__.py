"""A single training, without Ray."""
