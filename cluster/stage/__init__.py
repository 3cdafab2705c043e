"""`huetune cluster stage`: a sweep's photos and weights on the disk of every node."""
