from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest
import torch
from skimage import color
from torch import Tensor

from data.colour import AB_SCALES, denormalise, lab_to_rgb, normalise, rgb_to_lab, to_rgb
from data.config import Normalisation
from data.lab_kernel import LINEAR, normalised_lab

SCALE = AB_SCALES["ab110"]


def colour_grid(steps: int) -> Tensor:
    """Every combination of `steps` levels of R, G and B: (1,3,steps²,steps)."""
    levels = torch.linspace(0, 1, steps)
    return torch.stack(torch.meshgrid(levels, levels, levels, indexing="ij")).reshape(1, 3, steps * steps, steps)


def with_skimage(function: str, image: Tensor) -> Tensor:
    pixels = image[0].permute(1, 2, 0).double().numpy()
    return torch.from_numpy(getattr(color, function)(pixels)).permute(2, 0, 1)[None]


def test_rgb_to_lab_equals_skimage():
    rgb = colour_grid(52)
    torch.testing.assert_close(rgb_to_lab(rgb).double(), with_skimage("rgb2lab", rgb), atol=1e-3, rtol=0)


def test_lab_to_rgb_equals_skimage_inside_the_gamut():
    lab = with_skimage("rgb2lab", colour_grid(52))
    torch.testing.assert_close(lab_to_rgb(lab).double(), with_skimage("lab2rgb", lab), atol=1e-5, rtol=0)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_lab_to_rgb_clips_to_the_gamut_like_skimage():
    lightness, a, b = torch.meshgrid(
        torch.linspace(0, 100, 21), torch.linspace(-110, 110, 23), torch.linspace(-110, 110, 23), indexing="ij"
    )
    lab = torch.stack((lightness, a, b)).reshape(1, 3, -1, 23)
    torch.testing.assert_close(lab_to_rgb(lab).double(), with_skimage("lab2rgb", lab), atol=1e-4, rtol=0)


def test_known_colours():
    rgb = torch.tensor([[1.0, 1, 1], [0, 0, 0], [1, 0, 0]])[:, :, None, None]
    expected = torch.tensor([[100.0, -0.0025, 0.0047], [0, 0, 0], [53.2406, 80.0923, 67.2028]])[:, :, None, None]
    torch.testing.assert_close(rgb_to_lab(rgb), expected, atol=5e-3, rtol=0)


def test_there_and_back_returns_every_byte():
    rgb = (colour_grid(52) * 255).round() / 255
    back = to_rgb(*normalise(rgb_to_lab(rgb), SCALE), SCALE)
    assert torch.equal((back * 255).round(), (rgb * 255).round())


def test_autocast_changes_nothing():
    rgb = colour_grid(9)
    expected = to_rgb(*normalise(rgb_to_lab(rgb), SCALE), SCALE)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = to_rgb(*normalise(rgb_to_lab(rgb), SCALE), SCALE)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_gradients_are_finite_for_black_and_out_of_gamut_colours():
    lightness = torch.tensor([-1.0, -1.0, 1.0, 0.3]).reshape(4, 1, 1, 1).requires_grad_()
    ab = torch.tensor([[0.0, 0], [-1, 1], [1, -1], [1, 1]]).reshape(4, 2, 1, 1).requires_grad_()
    rgb_to_lab(to_rgb(lightness, ab, SCALE)).sum().backward()
    assert lightness.grad is not None
    assert ab.grad is not None
    assert np.isfinite(lightness.grad.numpy()).all()
    assert np.isfinite(ab.grad.numpy()).all()


def test_normalise_scales_and_denormalise_inverts():
    lab = torch.tensor([[100.0, -110.0, 55.0], [0.0, 110.0, 0.0]])[:, :, None, None]
    lightness, ab = normalise(lab, SCALE)
    assert lightness.flatten().tolist() == [1.0, -1.0]
    assert ab.flatten(1).tolist() == [[-1.0, 0.5], [1.0, 0.0]]
    assert torch.equal(denormalise(lightness, ab, SCALE), lab)


def test_ab128_divides_by_127_above_zero_and_by_128_below():
    lab = torch.tensor([[50.0, -128.0, 127.0], [50.0, 63.5, -64.0]])[:, :, None, None]
    scale = AB_SCALES["ab128"]
    lightness, ab = normalise(lab, scale)
    assert ab.flatten(1).tolist() == [[-1.0, 1.0], [0.5, -0.5]]
    assert torch.equal(denormalise(lightness, ab, scale), lab)


def test_every_normalisation_has_its_scale():
    assert set(AB_SCALES) == set(get_args(Normalisation))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype):
    rgb = colour_grid(9).to(dtype)
    assert rgb_to_lab(rgb).dtype == torch.float32
    torch.testing.assert_close(rgb_to_lab(rgb), rgb_to_lab(rgb.float()), atol=0, rtol=0)


def with_kernel(pixels: np.ndarray, flip: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Lightness (H,W) and ab (2,H,W) of the loader's kernel, in Lab units."""
    lightness, ab = np.empty(pixels.shape[:2], np.float32), np.empty((2, *pixels.shape[:2]), np.float32)
    normalised_lab(pixels, flip, LINEAR, np.float32(110), np.float32(110), lightness, ab)
    return (lightness + 1) * 50, ab * 110


def all_colours_of(red: int) -> np.ndarray:
    """(256,256,3) uint8: every green and blue."""
    green, blue = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    return np.stack([np.full_like(green, red), green, blue], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(
    "reds", [[0, 1, 128, 255], pytest.param(range(256), marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_kernel_and_torch_equal_skimage_for_every_colour(reds: Sequence[int]):
    for red in reds:
        pixels = all_colours_of(red)
        expected = color.rgb2lab(pixels).transpose(2, 0, 1)
        lightness, ab = with_kernel(pixels)
        assert np.abs(np.concatenate((lightness[None], ab)) - expected).max() < 1e-3
        in_torch = rgb_to_lab(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255)[0]
        assert np.abs(in_torch.numpy() - expected).max() < 1e-3


def test_kernel_mirrors():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    for plain, mirrored in zip(with_kernel(pixels), with_kernel(pixels, flip=True), strict=True):
        assert np.abs(mirrored - plain[..., ::-1]).max() < 1e-4  # the last columns are computed one by one
