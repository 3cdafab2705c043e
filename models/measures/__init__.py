"""How a generator is measured."""
