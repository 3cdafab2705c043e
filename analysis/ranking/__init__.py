"""Which trials compare, and in what order they come."""
