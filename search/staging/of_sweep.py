"""What a sweep does for staging while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from search.spec.sweep_spec import SweepSpec
from search.staging.on_node import Staging


@contextmanager
def staging_of(spec: SweepSpec) -> Iterator[Staging | None]:
    """What workers are to bring to their nodes, served by the driver's as long as the block runs; None if nothing.

    Raises:
        HuetuneError: a file is missing here.
    """
    if not spec.resources.stage:
        yield None
        return
    from search.staging.peers import served
    from search.staging.plan import parcels_of

    parcels = parcels_of(spec)
    with served(parcels) as server:
        yield Staging(parcels, server)
