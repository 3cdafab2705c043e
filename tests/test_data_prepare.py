import torch
from skimage import color

from data.colour import AB_SCALES
from data.prepare import prepare

SCALE = AB_SCALES["ab110"]


def photos(size: int) -> torch.Tensor:
    """(4,H,W,3) uint8 of random bytes."""
    return torch.randint(0, 256, (4, size, size, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_equals_skimage_per_image():
    images = photos(16)
    lightness, ab = prepare(images, torch.zeros(4, dtype=torch.bool), SCALE)
    expected = torch.from_numpy(color.rgb2lab(images.numpy())).permute(0, 3, 1, 2)
    torch.testing.assert_close(lightness.double(), expected[:, :1] / 50 - 1, atol=1e-4, rtol=0)
    torch.testing.assert_close(ab.double(), expected[:, 1:] / 110, atol=1e-4, rtol=0)


def test_mirrors_only_the_images_asked_for():
    images = photos(16)
    flips = torch.tensor([True, False, False, True])
    plain, mirrored = prepare(images, torch.zeros_like(flips), SCALE), prepare(images, flips, SCALE)
    for before, after in zip(plain, mirrored, strict=True):
        assert torch.equal(after[flips], before[flips].flip(3))
        assert torch.equal(after[~flips], before[~flips])
