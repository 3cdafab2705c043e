"""Generators and discriminators, layer for layer."""
