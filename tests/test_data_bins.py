import numpy as np
import pytest
import torch
from torch import Tensor

from data.bins import AbBins, gamut_bins
from data.colour import rgb_to_lab
from data.errors import DataError

# pts_in_hull.npy of Zhang et al.: for each a from −90 to 100, the lowest and the highest b.
LOWEST = [50, 20, 0, -20, -30, -40, -50, -50, -60, -70, -80, -80, -90, -100, -100, -110, -110, -110, -110, -90]
HIGHEST = [90, 90, 90, 90, 100, 100, 100, 100, 100, 100, 90, 90, 90, 90, 80, 80, 80, 70, 70, 0]


def gamut_colours(steps: int) -> Tensor:
    """ab (1,2,steps³,1) of every combination of `steps` levels of R, G and B, the gamut's boundary included."""
    levels = torch.linspace(0, 1, steps)
    rgb = torch.stack(torch.meshgrid(levels, levels, levels, indexing="ij")).reshape(1, 3, -1, 1)
    return rgb_to_lab(rgb)[:, 1:]


def colours_with_red(red: int) -> Tensor:
    """ab (1,2,256²,1) of the 8-bit colours with this level of red."""
    levels = torch.arange(256) / 255
    rgb = torch.stack(torch.meshgrid(levels[red : red + 1], levels, levels, indexing="ij")).reshape(1, 3, -1, 1)
    return rgb_to_lab(rgb)[:, 1:]


def colours(*pairs: tuple[float, float]) -> Tensor:
    return torch.tensor(pairs).T[None, :, :, None]


def distances(bins: AbBins, ab: Tensor) -> Tensor:
    """From every colour of (1,2,N,1) to every bin: (N,Q), float64."""
    exact = "donot_use_mm_for_euclid_dist"
    return torch.cdist(ab[0, :, :, 0].T.double(), bins.centres.double(), compute_mode=exact)


def test_bins_are_the_published_ones_in_their_order():
    expected = [
        (a, b)
        for a, lowest, highest in zip(range(-90, 101, 10), LOWEST, HIGHEST, strict=True)
        for b in range(lowest, highest + 1, 10)
    ]
    assert gamut_bins().num_bins == 313
    assert gamut_bins().centres.tolist() == [list(map(float, centre)) for centre in expected]


def test_nearest_equals_brute_force():
    ab = gamut_colours(41)
    assert torch.equal(gamut_bins().nearest(ab)[0, :, 0], distances(gamut_bins(), ab).argmin(dim=1))


@pytest.mark.slow
def test_every_srgb_colour_is_within_half_a_spacing_of_its_bin():
    for red in range(256):
        ab = colours_with_red(red)
        centres = gamut_bins().centres[gamut_bins().nearest(ab)[0, :, 0]]
        assert (ab[0, :, :, 0].T - centres).abs().max() <= 5


@pytest.mark.slow
@pytest.mark.parametrize("red", range(0, 256, 15))
def test_soft_is_exact_for_all_colours_with_one_red(red: int):
    ab = colours_with_red(red)
    every = distances(gamut_bins(), ab)
    indices = gamut_bins().soft(ab)[0]
    assert torch.equal(indices[:, 0], gamut_bins().nearest(ab))
    expected = every.topk(5, largest=False).values
    torch.testing.assert_close(every.gather(1, indices[0, :, :, 0].T), expected, atol=1e-5, rtol=0)


def test_nearest_rounds_ties_up():
    ab = colours((5, 5), (-5, -5), (-15, 25), (4.9999995, -5.0000005), (14.999999, 0))
    found = gamut_bins().centres[gamut_bins().nearest(ab)[0, :, 0]]
    assert found.tolist() == [[10, 10], [0, 0], [-10, 30], [0, -10], [10, 0]]


def test_nearest_outside_the_gamut_is_the_bin_nearest_to_the_cell():
    ab = colours((100, 20), (-90, 41), (500, -500), (-1e9, 1e9))
    found = gamut_bins().centres[gamut_bins().nearest(ab)[0, :, 0]]
    assert found.tolist() == [[90, 20], [-80, 40], [90, -110], [-90, 90]]


def test_table_gives_numpy_the_same_bins():
    ab = torch.cat((gamut_colours(17), torch.rand(1, 2, 4096, 1) * 300 - 150), dim=2)
    table = gamut_bins().table
    offset = len(table) // 2
    cells = np.floor(ab[0, :, :, 0].numpy() / np.float32(10) + np.float32(0.5)).astype(int).clip(-offset, offset)
    assert table[cells[0] + offset, cells[1] + offset].tolist() == gamut_bins().nearest(ab).flatten().tolist()


@pytest.mark.parametrize("num_neighbours", [1, 5, 9])
def test_soft_equals_brute_force(num_neighbours: int):
    ab = gamut_colours(33)
    indices, weights = gamut_bins().soft(ab, num_neighbours, sigma=4.0)
    every = distances(gamut_bins(), ab)
    expected = every.topk(num_neighbours, largest=False).values
    gaussian = torch.exp(-expected.square() / (2 * 4.0**2))
    torch.testing.assert_close(every.gather(1, indices[0, :, :, 0].T), expected, atol=1e-5, rtol=0)
    assert (indices.sort(dim=1).values.diff(dim=1) > 0).all()
    normalised = (gaussian / gaussian.sum(dim=1, keepdim=True)).float()
    torch.testing.assert_close(weights[0, :, :, 0].T, normalised, atol=1e-5, rtol=0)


def test_soft_breaks_ties_by_higher_a_then_higher_b():
    steps = torch.arange(-20, 20, 2.5)  # quarters of bins: many exact ties
    ab = torch.cartesian_prod(steps, steps).T[None, :, :, None]
    squares = distances(gamut_bins(), ab).square().round(decimals=2).numpy()
    a, b = gamut_bins().centres.numpy().T
    ranks = [np.lexsort((-b, -a, row))[:5] for row in squares]
    indices = gamut_bins().soft(ab)[0]
    assert np.array_equal(indices[0, :, :, 0].T.numpy(), np.stack(ranks))
    assert torch.equal(indices[:, 0], gamut_bins().nearest(ab))


def test_soft_keeps_images_and_pixels_in_place():
    ab = torch.rand(3, 2, 4, 5) * 60 - 30
    indices, weights = gamut_bins().soft(ab)
    assert indices.shape == weights.shape == (3, 5, 4, 5)
    alone = gamut_bins().soft(ab[2:, :, 3:, 1:2])
    assert torch.equal(indices[2:, :, 3:, 1:2], alone[0])
    assert torch.equal(weights[2:, :, 3:, 1:2], alone[1])


def test_soft_is_finite_far_outside_the_gamut():
    weights = gamut_bins().soft(colours((1e4, -1e4), (-300, 300)))[1]
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(1, 2, 1))


def test_sparse_cross_entropy_equals_the_dense_one():
    ab = torch.rand(2, 2, 3, 4) * 80 - 40
    logits = torch.randn(2, 313, 3, 4)
    indices, weights = gamut_bins().soft(ab)
    sparse = logits.logsumexp(1) - (weights * logits.gather(1, indices)).sum(1)
    dense = torch.zeros_like(logits).scatter(1, indices, weights)
    torch.testing.assert_close(sparse, torch.nn.functional.cross_entropy(logits, dense, reduction="none"))


@pytest.mark.parametrize("num_neighbours", [0, 10])
def test_soft_refuses_neighbours_that_some_bin_has_not(num_neighbours: int):
    with pytest.raises(DataError, match=f"num_neighbours is {num_neighbours}: give 1 to 9 for these 313 bins"):
        gamut_bins().soft(torch.zeros(1, 2, 1, 1), num_neighbours)


def test_any_part_of_a_lattice_will_do():
    bins = AbBins(torch.tensor([[20, 0], [0, 0], [-20, 20]]), spacing=20)
    ab = colours((9, -9), (11, 0), (-9, 11), (-11, 11))
    assert bins.nearest(ab)[0, :, 0].tolist() == [1, 0, 1, 2]
    assert bins.soft(ab, num_neighbours=2)[0][0, :, :, 0].T.tolist() == [[1, 0], [0, 1], [1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("centres", "message"),
    [([[0.0, 5]], "multiple of 10"), ([[0.0, 0], [0, 0]], "twice"), ([0.0, 10], "shape"), ([[]], "shape")],
)
def test_bins_off_the_lattice_are_refused(centres: list[list[float]], message: str):
    with pytest.raises(DataError, match=message):
        AbBins(torch.tensor(centres))


def test_rebalancing_weights_follow_the_formula():
    bins = AbBins(torch.tensor([[0.0, 0], [10, 0], [0, 30]]))
    near, far, farther = np.exp([-100 / 50, -900 / 50, -1000 / 50])
    p = np.array([0.7, 0.0, 0.3])
    kernel = np.array([[1, near, far], [near, 1, farther], [far, farther, 1]])
    smooth = p @ (kernel / kernel.sum(axis=1, keepdims=True))
    expected = 1 / (0.75 * smooth + 0.25 / 3)
    expected /= (smooth * expected).sum()
    found = bins.rebalancing_weights(torch.tensor([70, 0, 30]), uniform_share=0.25)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_rebalancing_weights_are_all_one_for_an_entirely_uniform_share():
    found = gamut_bins().rebalancing_weights(torch.arange(313), uniform_share=1)
    torch.testing.assert_close(found, torch.ones(313))


def test_rebalancing_without_a_uniform_share_leaves_empty_bins_out():
    bins = AbBins(torch.tensor([[0.0, 0], [10, 0], [100, 0]]))
    found = bins.rebalancing_weights(torch.tensor([60, 0, 40]), uniform_share=0)
    smooth = np.array([0.6 / (1 + np.exp(-2)), 0.4])
    np.testing.assert_allclose(found, [0.5 / smooth[0], 0, 0.5 / smooth[1]], rtol=1e-6)


@pytest.mark.parametrize("counts", [[0.0, 0, 0], [1, -1, 2], [1, 2], [1, 2, float("nan")]])
def test_impossible_counts_are_refused(counts: list[float]):
    with pytest.raises(DataError, match="pixel counts of 3 bins"):
        AbBins(torch.tensor([[0.0, 0], [10, 0], [20, 0]])).rebalancing_weights(torch.tensor(counts))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_annealed_mean_equals_the_dense_one(dtype: torch.dtype):
    torch.manual_seed(0)
    logits = (torch.randn(2, 313, 65, 70) * 3).to(dtype).requires_grad_()  # more pixels than it does at once
    found = gamut_bins().annealed_mean(logits, temperature=0.5)
    shares = torch.softmax(logits.double() / 0.5, dim=1)
    expected = torch.einsum("bqhw,qc->bchw", shares, gamut_bins().centres.double())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, atol=1e-3, rtol=0)
    direction = torch.randn_like(found)
    (gradient,) = torch.autograd.grad((found * direction).sum(), logits, retain_graph=True)
    (expected_gradient,) = torch.autograd.grad((expected * direction).sum(), logits)
    torch.testing.assert_close(gradient, expected_gradient, atol=1e-3, rtol=0.02)


def test_autocast_does_not_touch_the_annealed_mean():
    logits = torch.randn(1, 313, 8, 8)
    expected = gamut_bins().annealed_mean(logits)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(gamut_bins().annealed_mean(logits), expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_finds_the_same_bins():
    cuda = gamut_bins().to("cuda")
    ab = torch.cat((gamut_colours(41), colours((5, 5), (4.9999995, -5.0000005), (14.999999, 0))), dim=2)
    assert torch.equal(cuda.nearest(ab.cuda()).cpu(), gamut_bins().nearest(ab))
    assert torch.equal(cuda.soft(ab.cuda())[0].cpu(), gamut_bins().soft(ab)[0])


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_impossible_uniform_share_is_refused(share: float):
    with pytest.raises(DataError, match="give a share from 0 to 1"):
        gamut_bins().rebalancing_weights(torch.ones(313), uniform_share=share)
