"""Sweeps: what to try, what to stop, and what is kept of it."""
