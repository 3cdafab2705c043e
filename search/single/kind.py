"""Whether a sweep's record is that of a single training."""

from search.records import SweepRecord


def is_single_training(record: SweepRecord) -> bool:
    """Whether it has one trial and nothing to search, as `huetune train` writes it."""
    return record.spec.get("space") == {}
