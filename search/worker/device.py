"""What Ray has lent to a trial."""

import torch

CUDA_CONTEXT_BYTES = 600 << 20
"""Taken for what each process holds on a GPU beside torch's tensors; torch's share of the memory does not count it."""


def lent_device(cpu: int, gpu: float) -> torch.device:
    """The device that Ray lent, with the threads and the share of GPU memory that belong to the trial."""
    torch.set_num_threads(cpu)
    if not gpu:
        return torch.device("cpu")
    if gpu < 1:
        # Ray's shares limit nothing: without a cap one trial can take the memory of its neighbours. The context, which
        # the cap does not count, has its place in the share too.
        total_bytes = torch.cuda.get_device_properties("cuda").total_memory
        torch.cuda.set_per_process_memory_fraction(max(gpu - CUDA_CONTEXT_BYTES / total_bytes, 0.0))
    return torch.device("cuda")
