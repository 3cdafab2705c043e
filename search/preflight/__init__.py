"""Whether the nodes of a cluster can run a sweep, asked before its first trial."""
