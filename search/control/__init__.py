"""Orders to a running sweep, from another terminal or machine."""
