"""`huetune cluster check`: whether every node of a cluster can run a sweep, asked of the nodes themselves."""
