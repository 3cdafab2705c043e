"""What can be done with the networks that a sweep has trained."""
