"""What mattered in a sweep: parameters, choices, early stopping, pruning."""
