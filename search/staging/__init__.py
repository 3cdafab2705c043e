"""Bringing a sweep's photos and weights to the disks of its nodes."""
