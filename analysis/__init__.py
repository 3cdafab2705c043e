"""A sweep's records as ranking, figures and report."""
