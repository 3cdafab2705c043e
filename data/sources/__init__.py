"""Where photos come from: a file for each kind of place."""
