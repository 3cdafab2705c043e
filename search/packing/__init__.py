"""How many trials share a GPU, where the sweep file leaves that to be measured (`resources: {gpu: auto}`)."""
