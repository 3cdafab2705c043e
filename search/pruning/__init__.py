"""Which trials are stopped early, and when they are compared."""
