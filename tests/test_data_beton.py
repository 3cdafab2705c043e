"""Our writer of FFCV's format."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.beton import read_samples, write_beton
from data.ffcv_parts import IMAGE_MODES, MIN_PAGE_SIZE, Reader
from data.images import encode


def noise(size: int, seed: int = 0) -> np.ndarray:
    """Black and white at random in each channel, which no JPEG makes smaller."""
    return np.random.default_rng(seed).integers(0, 2, (size, size, 3), dtype=np.uint8) * 255


def raw_samples(count: int, size: int) -> Iterator[tuple[bytes, int]]:
    for number in range(count):
        yield noise(size, number).tobytes(), number - 1


def test_ffcv_reads_what_was_written(tmp_path: Path):
    write_beton(tmp_path / "x.beton", raw_samples(5, 16), 5, 16, "raw")
    reader = Reader(str(tmp_path / "x.beton"))
    assert (reader.num_samples, reader.page_size, reader.field_names) == (5, MIN_PAGE_SIZE, ["image", "label"])
    images, labels = reader.metadata["f0"], reader.metadata["f1"]
    assert labels.flatten().tolist() == [-1, 0, 1, 2, 3]
    assert set(images["mode"]) == {IMAGE_MODES["raw"]}
    assert {*images["width"], *images["height"]} == {16}
    assert reader.alloc_table["ptr"].tolist() == images["data_ptr"].tolist()
    assert reader.alloc_table["size"].tolist() == 5 * [3 * 16 * 16]
    content = (tmp_path / "x.beton").read_bytes()
    for number, start in enumerate(images["data_ptr"].tolist()):
        assert content[start : start + 768] == noise(16, number).tobytes()


def test_no_image_lies_across_two_pages(tmp_path: Path):
    """Of images of 786,432 bytes, 2 fit into 2 MiB, and the third begins the next page."""
    write_beton(tmp_path / "x.beton", raw_samples(5, 512), 5, 512, "raw")
    reader = Reader(str(tmp_path / "x.beton"))
    places = [divmod(int(start) - MIN_PAGE_SIZE, MIN_PAGE_SIZE) for start in reader.alloc_table["ptr"]]
    assert places == [(0, 0), (0, 786_432), (1, 0), (1, 786_432), (2, 0)]
    assert (tmp_path / "x.beton").stat().st_size == 4 * MIN_PAGE_SIZE + reader.alloc_table.nbytes
    for number, (image, label) in enumerate(read_samples(tmp_path / "x.beton")):
        assert label == number - 1
        assert np.array_equal(image, noise(512, number))


@pytest.mark.parametrize("size", [16, 500, 1024])
def test_noise_fits_into_a_page_at_the_highest_quality(tmp_path: Path, size: int):
    content = encode(Image.fromarray(noise(size)), 100)
    assert len(content) > 4.5 * size * size
    write_beton(tmp_path / "x.beton", [(content, 0)], 1, size, "jpg")
    image, _ = next(read_samples(tmp_path / "x.beton"))
    assert np.abs(image.astype(int) - noise(size)).mean() < 1


def test_full_disk_is_an_error():
    with pytest.raises(OSError, match="No space left on device"):
        write_beton(Path("/dev/full"), raw_samples(5, 16), 5, 16, "raw")
