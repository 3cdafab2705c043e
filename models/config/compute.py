"""How the arithmetic is done: what makes training faster or smaller without changing what is learned."""

from typing import Literal

from pydantic import Field

from models.config.section import Section


class ComputeConfig(Section):
    precision: Literal["float32", "bf16"] = "float32"
    """bf16: autocast of both networks; losses, weights and the gradient penalty stay float32."""
    channels_last: bool = False
    """Keep images with their channels together, which tensor cores want."""
    compile: bool = False
    """torch.compile the networks. A WGAN-GP critic stays as it is: its penalty is differentiated twice."""
    fused: bool = False
    """One kernel for each step of an optimiser."""
    accumulation: int = Field(1, ge=1)
    """Parts that a batch is worked through in; their gradients add up. Batch norm then sees the parts."""
    out_of_memory: Literal["fail", "halve"] = "fail"
    """Where the GPU's memory does not hold a batch: fail; or, once, halve the parts and go on."""
