"""What a sweep's records say now."""
