"""From a typed description to the files that bring a sweep onto a cluster."""
