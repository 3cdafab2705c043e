"""One section of the page in each file, with a template of the same name."""
