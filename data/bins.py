"""Colour as a class: the ab plane cut into the bins of Zhang, Isola and Efros, "Colorful Image Colorization" (2016).

Bins are squares on a lattice, so a colour finds its own by rounding, and its neighbours in a small window around it.
Ties go to the higher a, then to the higher b: the same bins on every device. All colours are in Lab units.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.colour import rgb_to_lab
from data.errors import DataError

GAMUT_SPACING = 10.0

# Neighbours are looked for up to 2 bins away along a and along b, the higher a first, then the higher b.
_REACH = 2
_WINDOW = np.array(list(product(range(_REACH, -_REACH - 1, -1), repeat=2)))
# Pixels at once, so that neither function holds more than about 20 MB beside its arguments and results (and, for
# annealed_mean, what the gradients need).
_PIXELS_OF_SOFT = 2**15
_PIXELS_OF_MEAN = 2**12


@dataclass(frozen=True, eq=False)
class AbBins:
    """A set of ab bins, in the order of a network's classes: centres (Q,2), any multiples of the spacing.

    Raises DataError for centres off the lattice, or given twice.
    """

    centres: Tensor
    spacing: float = GAMUT_SPACING

    def __post_init__(self) -> None:
        if self.centres.ndim != 2 or self.centres.shape[1] != 2 or len(self.centres) == 0:
            raise DataError(f"bin centres have the shape {tuple(self.centres.shape)}: give one (a, b) for each bin")
        object.__setattr__(self, "centres", self.centres.float())
        if np.abs(self.centres.numpy(force=True) - self._cells * self.spacing).max() > 1e-3 * self.spacing:
            raise DataError(f"a bin centre is off the lattice: make every a and b a multiple of {self.spacing:g}")
        if len(np.unique(self._cells, axis=0)) < self.num_bins:
            raise DataError("a bin centre is given twice: remove the second one")

    @property
    def num_bins(self) -> int:
        """Q, the number of classes."""
        return len(self.centres)

    def to(self, device: torch.device | str) -> Self:
        """The same bins on a device, which must be that of the tensors they are used with."""
        return type(self)(self.centres.to(device), self.spacing)

    @cached_property
    def table(self) -> NDArray[np.int32]:
        """The bin of cell (i, j) at [i + offset, j + offset], where offset = len(table) // 2; square.

        Colour (a, b) is in cell (⌊a / spacing + 0.5⌋, ⌊b / spacing + 0.5⌋), in float32; cells beyond the edge count as
        those on it. A cell without a bin of its own has the one whose centre is nearest to the cell's.
        """
        offset = np.abs(self._cells).max() + _REACH
        columns = np.arange(-offset, offset + 1)
        highest_first = np.lexsort((self._cells[:, 1], self._cells[:, 0]))[::-1]
        a, b = self._cells[highest_first].T
        rows = [((row - a) ** 2 + (columns[:, None] - b) ** 2).argmin(axis=1) for row in columns]
        table: NDArray[np.int32] = highest_first[np.stack(rows)].astype(np.int32)
        return table

    def nearest(self, ab: Tensor) -> Tensor:
        """The bin nearest to each colour: ab (B,2,H,W) to (B,H,W), int64.

        Exact for every colour in a cell of the set, and so for every sRGB colour with gamut_bins(). Other colours get
        the bin nearest to the centre of their cell.
        """
        a, b = ab.float().unbind(1)
        return self._look_up(a, b)

    @torch.no_grad()
    def soft(self, ab: Tensor, num_neighbours: int = 5, sigma: float = 5.0) -> tuple[Tensor, Tensor]:
        """The K bins nearest to each colour, nearest first, with Gaussian weights exp(−d²/2σ²) that sum to 1.

        ab (B,2,H,W) to indices (B,K,H,W), int64, and weights (B,K,H,W), float32; no gradients. Neighbours are those in
        the 5×5 cells around the nearest bin, which for gamut_bins() are the nearest of all for every sRGB colour.
        Raises DataError for more than every bin has there (9). The cross-entropy with these targets, without a dense
        (B,Q,H,W), is

            logits.logsumexp(1) - (weights * logits.gather(1, indices)).sum(1)
        """
        self._check_neighbours(num_neighbours)
        a, b = (channel.float().flatten() for channel in ab.unbind(1))
        indices = torch.empty(len(a), num_neighbours, dtype=torch.int64, device=ab.device)
        weights = torch.empty(len(a), num_neighbours, device=ab.device)
        for start in range(0, len(a), _PIXELS_OF_SOFT):
            part = slice(start, start + _PIXELS_OF_SOFT)
            indices[part], squares = self._neighbours(a[part], b[part], num_neighbours)
            weights[part] = torch.softmax(squares / (-2 * sigma**2), dim=1)
        shape = (ab.shape[0], *ab.shape[2:], num_neighbours)
        return indices.view(shape).movedim(-1, 1), weights.view(shape).movedim(-1, 1)

    def rebalancing_weights(self, counts: Tensor, uniform_share: float = 0.5, sigma: float = 5.0) -> Tensor:
        """Class weights w ∝ ((1 − λ)p̃ + λ/Q)⁻¹ with Σ p̃w = 1, for the number of pixels in each bin: (Q,), float32.

        p̃ is the share of each bin, smoothed over the ab plane by a Gaussian of σ; λ is the uniform share. With λ = 0
        bins without a pixel have weight 0: nothing is known of them. Raises DataError for what cannot be.
        """
        if not 0 <= uniform_share <= 1:
            raise DataError(f"uniform_share is {uniform_share}: give a share from 0 to 1")
        pixels = counts.cpu().double()
        if pixels.shape != (self.num_bins,) or not pixels.isfinite().all() or pixels.min() < 0 or pixels.sum() == 0:
            raise DataError(
                f"pixel counts of {self.num_bins} bins must be as many numbers from 0 up, not all 0; "
                f"got shape {tuple(pixels.shape)}, sum {pixels.sum():g}: count the training photos again"
            )
        centres = self.centres.cpu().double()
        squares = (centres[:, None] - centres).square().sum(dim=-1)  # (Q,Q)
        smooth = pixels / pixels.sum() @ torch.softmax(squares / (-2 * sigma**2), dim=1)
        weights = 1 / ((1 - uniform_share) * smooth + uniform_share / self.num_bins)
        if uniform_share == 0:
            weights[pixels == 0] = 0
        return (weights / (smooth @ weights)).float().to(counts.device)

    def annealed_mean(self, logits: Tensor, temperature: float = 0.38) -> Tensor:
        """The mean colour of softmax(logits / T): (B,Q,H,W) to ab (B,2,H,W), float32 whatever the logits are.

        T = 1 is the mean, T → 0 the mode. A sum of products, not a matrix product, for the reason given in colour.py.
        """
        images = []
        for image in logits.flatten(2):  # (Q,HW)
            parts = [self._mean(part.float() / temperature) for part in image.split(_PIXELS_OF_MEAN, dim=1)]
            images.append(torch.cat(parts, dim=1))
        return torch.stack(images).reshape(len(images), 2, *logits.shape[2:])

    def _mean(self, logits: Tensor) -> Tensor:
        """(Q,P) to the expected a and b (2,P)."""
        shares = torch.softmax(logits, dim=0)
        return torch.stack([(shares * centre[:, None]).sum(0) for centre in self.centres.unbind(1)])

    def _look_up(self, a: Tensor, b: Tensor) -> Tensor:
        """The table's bin for each pair, of any shape."""
        # A tensor: CUDA divides by a plain number by multiplying with its reciprocal, which rounds differently.
        spacing = self.centres.new_full((), self.spacing)
        offset = len(self.table) // 2
        row, column = ((x / spacing + 0.5).floor().clamp(-offset, offset).long() + offset for x in (a, b))
        return self._table[row, column]

    def _neighbours(self, a: Tensor, b: Tensor, num_neighbours: int) -> tuple[Tensor, Tensor]:
        """For pixels (P,), the nearest bins and the squares of the distances to them, both (P,K)."""
        bins, steps, gaps = self._windows
        nearest = self._look_up(a, b)
        centre_a, centre_b = self.centres[nearest].unbind(1)
        squares = ((a - centre_a)[:, None] - steps[0]).square() + ((b - centre_b)[:, None] - steps[1]).square()
        # Stable, so that ties fall in the window's order.
        squares, slots = (squares + gaps[nearest]).sort(dim=1, stable=True)
        return bins[nearest[:, None], slots[:, :num_neighbours]], squares[:, :num_neighbours]

    def _check_neighbours(self, num_neighbours: int) -> None:
        most = (self._window_bins >= 0).sum(axis=1).min()
        if not 1 <= num_neighbours <= most:
            raise DataError(f"num_neighbours is {num_neighbours}: give 1 to {most} for these {self.num_bins} bins")

    @cached_property
    def _cells(self) -> NDArray[np.int64]:
        """The lattice cell of each bin: (Q,2)."""
        return np.rint(self.centres.numpy(force=True) / self.spacing).astype(np.int64)

    @cached_property
    def _window_bins(self) -> NDArray[np.int64]:
        """The bin of each cell in the window around each bin, or −1: (Q,25)."""
        cells = self._cells[:, None] + _WINDOW  # (Q,25,2)
        bins = self.table[tuple(np.moveaxis(cells + len(self.table) // 2, -1, 0))].astype(np.int64)
        return np.where((self._cells[bins] == cells).all(axis=-1), bins, -1)

    @cached_property
    def _table(self) -> Tensor:
        return torch.from_numpy(self.table.astype(np.int64)).to(self.centres.device)

    @cached_property
    def _windows(self) -> tuple[Tensor, Tensor, Tensor]:
        """The bins around each bin (Q,25), the steps to them (2,25), and ∞ where there is none (Q,25)."""
        device = self.centres.device
        bins = torch.from_numpy(self._window_bins).to(device)
        steps = torch.from_numpy(_WINDOW.T * self.spacing).float().to(device)
        return bins, steps, torch.zeros(bins.shape, device=device).masked_fill(bins < 0, torch.inf)


@cache
def gamut_bins() -> AbBins:
    """The published 313 bins, in their order, on the CPU: a ascending, then b ascending.

    The points of the lattice of 10 at most 10 away, along a and along b, from the convex hull of all sRGB colours.
    """
    # A point is that near to the hull if it lies in the hull of the colours shifted to the corners of such a square.
    corners = np.array(list(product((-GAMUT_SPACING, GAMUT_SPACING), repeat=2)))
    reach = _convex_hull((_cube_edges()[:, None] + corners).reshape(-1, 2))
    axis = np.arange(-20, 21) * GAMUT_SPACING
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    sides = np.roll(reach, -1, axis=0) - reach
    towards = points - reach
    inside = (sides[:, 0] * towards[..., 1] >= sides[:, 1] * towards[..., 0]).all(axis=1)
    return AbBins(torch.from_numpy(points[inside, 0]).float())


@cache
def gamut_bins_on(device: torch.device) -> AbBins:
    """The same on a device, kept for all that ask: they bring tables that are computed once."""
    bins = gamut_bins()
    return bins if bins.centres.device == device else bins.to(device)


def _cube_edges() -> NDArray[np.float64]:
    """ab (3072,2) of the colours on the edges of the RGB cube, which span the hull of all 256³ colours."""
    levels = torch.linspace(0, 1, 256)
    edges = []
    for axis, first, second in product(range(3), (0.0, 1.0), (0.0, 1.0)):
        channels = [torch.full_like(levels, first), torch.full_like(levels, second)]
        channels.insert(axis, levels)
        edges.append(torch.stack(channels))
    lab = rgb_to_lab(torch.stack(edges)[..., None])  # (12,3,256,1)
    return lab[:, 1:, :, 0].movedim(1, -1).reshape(-1, 2).double().numpy()


def _convex_hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners (N,2) of the convex hull, counter-clockwise: Andrew's monotone chain."""

    def chain(ordered: list[list[float]]) -> list[list[float]]:
        corners: list[list[float]] = []
        for x, y in ordered:
            while len(corners) > 1:
                (x0, y0), (x1, y1) = corners[-2:]
                if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                    break
                corners.pop()
            corners.append([x, y])
        return corners[:-1]

    ordered = np.unique(points, axis=0).tolist()
    return np.array(chain(ordered) + chain(ordered[::-1]))
