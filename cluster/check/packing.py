"""What a check takes for the share of a GPU that a sweep leaves to be measured."""

from pathlib import Path

from search.packing.on_cluster import with_gpu
from search.packing.show import packing_lines
from search.preflight.finding import Finding
from search.records import read_sweep_record
from search.spec.sweep_spec import SweepSpec
from search.storage import sweep_folder


def with_known_share(spec: SweepSpec, storage: Path) -> tuple[SweepSpec, list[Finding]]:
    """The sweep with the share that was measured when it began, or with whole GPUs, and what is to be said of that."""
    if spec.resources.gpu != "auto":
        return spec, []
    folder = sweep_folder(storage, spec.name)
    record = read_sweep_record(folder) if (folder / "sweep.json").exists() else None
    if record is not None and record.packing:
        return with_gpu(spec, record.num_gpus), [Finding("packing", "; ".join(packing_lines(record.packing)))]
    seen = "gpu: auto is measured when the sweep begins"
    return with_gpu(spec, 1.0), [Finding("packing", seen, note="looked at here with a whole GPU for each trial")]
