"""What the best joint checkpoint has least of."""

import pytest

from models.joint_error import joint_error


@pytest.mark.parametrize(
    ("metrics", "watched", "error"),
    [
        ({"l1": 0.2, "accuracy": 0.75}, "l1", 0.05),
        ({"psnr": 20.0, "accuracy": 0.5}, "psnr", 0.025),
        ({"ssim": 0.5, "accuracy": 0.5}, "ssim", 0.25),
        ({"accuracy": 0.5}, "l1", float("inf")),
    ],
)
def test_joint_error_is_the_product_of_the_errors(metrics: dict[str, float], watched: str, error: float):
    assert joint_error(metrics, [watched, "accuracy"]) == pytest.approx(error)
