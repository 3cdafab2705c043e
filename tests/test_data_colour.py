import numpy as np
import pytest
import torch
from skimage import color
from torch import Tensor

from data.colour import denormalise, lab_to_rgb, normalise, rgb_to_lab, to_rgb


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
    back = to_rgb(*normalise(rgb_to_lab(rgb)))
    assert torch.equal((back * 255).round(), (rgb * 255).round())


def test_autocast_changes_nothing():
    rgb = colour_grid(9)
    expected = to_rgb(*normalise(rgb_to_lab(rgb)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = to_rgb(*normalise(rgb_to_lab(rgb)))
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_gradients_are_finite_for_black_and_out_of_gamut_colours():
    lightness = torch.tensor([-1.0, -1.0, 1.0, 0.3]).reshape(4, 1, 1, 1).requires_grad_()
    ab = torch.tensor([[0.0, 0], [-1, 1], [1, -1], [1, 1]]).reshape(4, 2, 1, 1).requires_grad_()
    rgb_to_lab(to_rgb(lightness, ab)).sum().backward()
    assert lightness.grad is not None
    assert ab.grad is not None
    assert np.isfinite(lightness.grad.numpy()).all()
    assert np.isfinite(ab.grad.numpy()).all()


def test_normalise_scales_and_denormalise_inverts():
    lab = torch.tensor([[100.0, -110.0, 55.0], [0.0, 110.0, 0.0]])[:, :, None, None]
    lightness, ab = normalise(lab)
    assert lightness.flatten().tolist() == [1.0, -1.0]
    assert ab.flatten(1).tolist() == [[-1.0, 0.5], [1.0, 0.0]]
    assert torch.equal(denormalise(lightness, ab), lab)
