"""What is minimised: the losses of each task, the adversarial game, and how they are weighed against one another."""
