"""Kernel Inception Distance (Bińkowski et al. 2018): unlike FID nearly the same for few photos as for many."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torchmetrics.image.kid import poly_kernel

NUM_SUBSETS = 100
LARGEST_SUBSET = 1000
_ROWS = 1000
"""Of a kernel matrix at once."""


@dataclass(frozen=True)
class KernelDistance:
    """Falls below 0 for sets that are alike: an unbiased estimate of 0 must."""

    mean: float
    low: float
    """Ends of the 95 % interval; NaN below 4 photos."""
    high: float


def kernel_distance(real: Tensor, fake: Tensor, seed: int = 0) -> KernelDistance:
    """KID of features (N,d) and (N,d), N at least 2: mean over random subsets, with its 95 % interval.

    100 subsets, each of half the photos, 1,000 at most, drawn for each side by itself. Subsets overlap: their spread
    is that of the whole only after the correction √(m / (N − m)) for subsets of m (delete-d jackknife, Shao and Wu
    1989), which is 1 for halves. The colorizations are of the very same photos, not of others as the estimate assumes:
    that lowers it by a term in 1/N, as it does wherever KID is measured so.
    """
    num_photos = len(real)
    assert num_photos == len(fake) >= 2
    size = min(max(num_photos // 2, 2), LARGEST_SUBSET)
    real, fake = real.double(), fake.double()
    in_real, in_fake = _members(num_photos, size, seed).to(real.device).unbind(1)  # (S,N) each
    alike = _sums(real, real, in_real, in_real) - in_real @ _with_itself(real)
    alike += _sums(fake, fake, in_fake, in_fake) - in_fake @ _with_itself(fake)
    values = alike / (size * (size - 1)) - 2 * _sums(real, fake, in_real, in_fake) / size**2  # (S,)
    mean, spread = values.mean().item(), values.std(correction=0).item()
    left_out = num_photos - size
    reach = 1.96 * spread * math.sqrt(size / left_out) if left_out >= 2 else math.nan
    return KernelDistance(mean, mean - reach, mean + reach)


def _members(num_photos: int, size: int, seed: int) -> Tensor:
    """(S,2,N): 1 for the photos in each of the subsets of the one side and of the other, 0 for the rest."""
    random = torch.Generator().manual_seed(seed)
    members = torch.zeros(NUM_SUBSETS, 2, num_photos, dtype=torch.float64)
    for side in members.flatten(0, 1):
        side[torch.randperm(num_photos, generator=random)[:size]] = 1
    return members


def _sums(first: Tensor, second: Tensor, in_first: Tensor, in_second: Tensor) -> Tensor:
    """(S,) sums of the kernel over all pairs of each subset; every pair's kernel is computed once for all subsets."""
    total = torch.zeros_like(in_first[:, 0])
    for photos, members in zip(first.split(_ROWS), in_first.split(_ROWS, dim=1), strict=True):
        total += (members @ poly_kernel(photos, second) * in_second).sum(dim=1)
    return total


def _with_itself(features: Tensor) -> Tensor:
    """(N,) kernel of each photo with itself, which an unbiased estimate leaves out."""
    return (features.square().mean(dim=1) + 1) ** 3
