"""A sweep handed in to a Ray cluster that runs already."""
