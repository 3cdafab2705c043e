"""Photos to .beton files to batches on the device."""
