"""What the NVIDIA driver of this machine says, without torch and without taking GPU memory."""

import ctypes
from dataclasses import dataclass


@dataclass(frozen=True)
class CudaDriver:
    """The newest CUDA version that it runs, and the GPUs that this process may use."""

    version: tuple[int, int]
    num_gpus: int


def cuda_driver() -> CudaDriver | None:
    """None: there is no driver. By cuDriverGetVersion, cuInit and cuDeviceGetCount of the CUDA driver API."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    version, count = ctypes.c_int(0), ctypes.c_int(0)
    cuda.cuDriverGetVersion(ctypes.byref(version))
    if cuda.cuInit(0) == 0:
        cuda.cuDeviceGetCount(ctypes.byref(count))
    return CudaDriver((version.value // 1000, version.value % 1000 // 10), count.value)
