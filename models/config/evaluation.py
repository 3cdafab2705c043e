"""When and how a generator is measured."""

from typing import Literal, Self

from pydantic import Field, model_validator

from models.config.classifiers import Classifier
from models.config.section import Section, WeightsFile

MetricSpace = Literal["rgb", "lab01"]
LpipsNetwork = Literal["alex", "vgg"]
LPIPS_BACKBONES: dict[LpipsNetwork, str] = {"alex": "alexnet", "vgg": "vgg16"}
"""torchvision's network under each, by name."""


class EvaluationConfig(Section):
    per_epoch: int = Field(1, ge=1)
    """Evaluations in each epoch, the last one at its end."""
    costly_every: int = Field(1, ge=1)
    """Epochs between evaluations with the costly metrics: FID, KID, LPIPS, classifier. The last one always has them."""
    fid_images: int = Field(1000, ge=0)
    """Validation photos for the costly metrics, the first of the file; 0: none of these metrics.
    Values of different N do not compare."""
    fid_weights: WeightsFile | None = None
    """File of the Inception weights. None: wherever they are found, see weights.py."""
    kid: bool = False
    """Kernel Inception Distance, with its 95 % interval."""
    lpips: LpipsNetwork | None = None
    """Network of the Learned Perceptual Image Patch Similarity. None: not measured."""
    classifier: Classifier | None = None
    """A torchvision classifier with its ImageNet weights, such as vgg16: how often it names the colorized photo as the
    true one (`classifier_agreement`). None: not measured."""
    metric_space: MetricSpace = "rgb"
    """What image metrics see: sRGB, or L, a and b each brought to 0..1 as if they were R, G and B."""
    eval_mode: Literal["eval", "train"] = "eval"
    """train: the generator is measured in training mode, with the batch's own statistics and dropout."""
    dropout_at_eval: bool = False
    """Keep dropout on, in evaluation mode too."""
    samples: int = Field(6, ge=1, le=64)
    """Validation photos shown in TensorBoard and in the report."""

    @model_validator(mode="after")
    def _fid_needs_two(self) -> Self:
        if self.fid_images == 1:
            raise ValueError("fid_images must be 0 (no costly metrics) or at least 2: one photo has no covariance")
        wanted = [name for name in ("kid", "lpips", "classifier") if getattr(self, name)]
        if wanted and not self.fid_images:
            raise ValueError(
                f"{wanted[0]} is measured on the first fid_images photos, and these are 0: raise fid_images"
            )
        return self
