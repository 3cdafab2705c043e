"""One trial, trained and recorded."""
