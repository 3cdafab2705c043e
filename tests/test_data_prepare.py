import torch
from skimage import color

from data.prepare import prepare


def photos(size: int) -> torch.Tensor:
    """(4,H,W,3) uint8 of random bytes."""
    return torch.randint(0, 256, (4, size, size, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_equals_skimage_per_image():
    images = photos(16)
    lightness, ab = prepare(images, torch.zeros(4, dtype=torch.bool))
    expected = torch.from_numpy(color.rgb2lab(images.numpy())).permute(0, 3, 1, 2)
    torch.testing.assert_close(lightness.double(), expected[:, :1] / 50 - 1, atol=1e-4, rtol=0)
    torch.testing.assert_close(ab.double(), expected[:, 1:] / 110, atol=1e-4, rtol=0)


def test_mirrors_only_the_images_asked_for():
    images = photos(16)
    flips = torch.tensor([True, False, False, True])
    plain, mirrored = prepare(images, torch.zeros_like(flips)), prepare(images, flips)
    for before, after in zip(plain, mirrored, strict=True):
        assert torch.equal(after[flips], before[flips].flip(3))
        assert torch.equal(after[~flips], before[~flips])


def test_resizing_averages_over_all_pixels():
    """A checkerboard of black and white becomes an even gray; without antialiasing it would not."""
    board = (torch.arange(32)[:, None] + torch.arange(32)) % 2 * 255
    images = board.to(torch.uint8)[None, :, :, None].expand(1, 32, 32, 3)
    lightness, ab = prepare(images, torch.zeros(1, dtype=torch.bool), 16)
    assert lightness.shape == (1, 1, 16, 16)
    gray = color.rgb2lab([[[0.5, 0.5, 0.5]]])[0, 0, 0] / 50 - 1
    inside = lightness[:, :, 1:-1, 1:-1]  # at the border the filter has fewer pixels
    torch.testing.assert_close(inside, torch.full_like(inside, gray), atol=0.02, rtol=0)
    assert ab.abs().max() < 1e-3
