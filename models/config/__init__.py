"""What a user can set of a trial, a file for each section: every value, with its limits."""
