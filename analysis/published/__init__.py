"""What the papers behind the presets have published, and which of our trials stand beside it."""
