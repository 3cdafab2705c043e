"""Copies of a sweep's files on a node's own disk, kept by their content."""
