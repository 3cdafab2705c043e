"""The report of a sweep: a page of sections, and tables for other programs."""
