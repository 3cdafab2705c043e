"""How far the order of trials can be trusted."""
