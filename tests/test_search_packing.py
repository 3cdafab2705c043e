"""How many trials share a GPU: the choice from invented curves, the measuring for real on the CPU, and what is kept."""

import io
import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from photos import Betons
from rich.console import Console

from cluster.check.packing import with_known_share
from data.manifest import check_quick
from search.driver.ledger import Ledger
from search.driver.provenance import sweep_record
from search.driver.sweep import require_same_sweep
from search.errors import SpecError, SweepError
from search.packing.choose import (
    MAX_COPIES,
    Choice,
    Limit,
    chosen,
    limit_of_cpus,
    limit_of_memory,
    share_of,
    smallest,
)
from search.packing.copies import CopyError, side_by_side
from search.packing.on_cluster import one_of_each_kind
from search.packing.on_node import base_trial, measured_packing
from search.packing.show import show_packing
from search.preflight.nodes import Node
from search.recording import write_record
from search.records import Packing, PackingLevel, SweepRecord, read_sweep, read_sweep_record
from search.spec.check_command import check_sweep
from search.spec.sweep_spec import SweepSpec, parse_spec
from search.status.show import show_status

GIB = 1 << 30
CPU = torch.device("cpu")


def sweep(betons: Betons | None = None, **changes: Any) -> SweepSpec:
    files = {"train": betons.train, "val": betons.val} if betons else {"train": "train.beton", "val": "val.beton"}
    content: dict[str, Any] = {
        "name": "packed",
        "data": {**{name: str(path) for name, path in files.items()}, "batch_size": 4},
        "objectives": {"l1": "min"},
        "base": {"model": {"width": 0.125, "depth": 4}, "evaluation": {"fid_images": 0}, "epochs": 3},
        "space": {"model.width": [0.125, 0.25], "loss.l1": {"log": [1, 100]}, "model.depth": 5},
        "search": {"trials": 2},
        "resources": {"gpu": "auto"},
    }
    return parse_spec(content | changes)


def level(copies: int, together: float = 1.0) -> PackingLevel:
    return PackingLevel(copies=copies, steps_per_s=(together / copies,) * copies, peak_bytes=GIB)


def choice(rates: dict[int, float], limit: int) -> Choice:
    """Where so many copies do so many steps a second together; a number that is not there does not fit."""
    return chosen(lambda copies: level(copies, rates[copies]) if copies in rates else None, Limit(limit, "the limit"))


@pytest.mark.parametrize(
    ("rates", "limit", "copies", "tried", "why"),
    [
        ({1: 10, 2: 18, 4: 30, 8: 32}, 16, 4, 4, "8 do +7% together, and 10% would pay"),
        ({1: 10, 2: 9}, 16, 1, 2, "2 do -10% together, and 10% would pay"),
        ({1: 10, 2: 18, 3: 25}, 3, 3, 3, "the limit"),
        ({1: 10, 2: 18}, 8, 2, 2, "4 do not fit side by side"),
        ({1: 10}, 1, 1, 1, "the limit"),
    ],
)
def test_more_copies_are_measured_as_long_as_they_gain_and_fit(
    rates: dict[int, float], limit: int, copies: int, tried: int, why: str
):
    found = choice(rates, limit)
    assert (found.copies, len(found.levels), found.why) == (copies, tried, why)


def test_largest_trial_with_its_margin_and_context_must_fit_as_often():
    # (10 GiB * 1.1 + 0.5 GiB) * 6 = 69 GiB
    assert limit_of_memory(80 * GIB, GIB // 2, 10 * GIB).copies == 6
    assert limit_of_memory(69 * GIB, GIB // 2, 10 * GIB).copies == 6
    assert limit_of_memory(69 * GIB - 1, GIB // 2, 10 * GIB).copies == 5


def test_cpus_are_enough_for_trials_on_all_gpus_of_the_node():
    assert [limit_of_cpus(cpus, 8, 4).copies for cpus in (31, 32, 64, 95)] == [0, 1, 2, 2]
    limits = smallest(Limit(20, "memory"), Limit(30, "CPUs"))
    assert (limits.copies, limits.why) == (MAX_COPIES, "more than that are not tried")
    assert smallest(Limit(0, "memory"), Limit(3, "CPUs")) == Limit(1, "memory")


@pytest.mark.parametrize("copies", range(1, MAX_COPIES + 1))
def test_ray_has_room_for_as_many_shares_as_were_chosen(copies: int):
    in_rays_units = round(share_of(copies) * 10_000)
    assert 10_000 // in_rays_units == copies
    assert int(1 / share_of(copies)) == copies


def node(name: str, cpus: float, gpus: float, kind: str = "H100") -> Node:
    resources = {"CPU": cpus} | ({"GPU": gpus, f"accelerator_type:{kind}": 1.0} if gpus else {})
    return Node(name, name, resources, Path("/tmp/ray"))  # noqa: S108


def test_one_node_is_measured_for_each_kind_of_gpu():
    nodes = [node("a", 8, 0), node("b", 8, 2), node("c", 2, 1, "A100"), node("d", 8, 1, "A100"), node("e", 8, 8)]
    assert [found.name for found in one_of_each_kind(nodes, cpu=4)] == ["b", "d"]


def test_cluster_without_a_gpu_beside_the_cpus_of_a_trial_is_refused_in_one_line():
    words = r"with 4 CPU and a GPU, but the nodes have 2 CPU, 1 GPU; 8 CPU, 0 GPU;.*gpu: 0"
    with pytest.raises(SweepError, match=words):
        one_of_each_kind([node("a", 8, 0), node("b", 2, 1)], cpu=4)


@pytest.mark.parametrize("gpu", [-1, "half", None, float("inf")])
def test_share_is_a_number_or_auto(gpu: Any):
    with pytest.raises(SpecError, match=r"^resources\.gpu: give a number from 0 on, or auto \(got [^;]*\)$"):
        sweep(resources={"gpu": gpu})


def test_base_is_timed_with_what_the_space_fixes():
    config = base_trial(sweep())
    assert (config.model.width, config.model.depth) == (0.125, 5)
    only_with_space = {"loss.l1": [1.0, 2.0], "model.backbone": ["resnet18"], "model.depth": 4}
    assert base_trial(sweep(space=only_with_space)).model.depth == 4


def record(spec: SweepSpec, betons: Betons) -> SweepRecord:
    return sweep_record(spec, {"train": check_quick(betons.train), "val": check_quick(betons.val)})


@pytest.mark.slow
def test_copies_are_measured_side_by_side(betons: Betons):
    spec = sweep(betons)
    found = measured_packing(spec, record(spec, betons), "here", Limit(2, "CPUs"), CPU, window_s=0.5)
    assert [len(each.steps_per_s) for each in found.levels] == [1, 2]
    assert all(rate > 0 for each in found.levels for rate in each.steps_per_s)
    assert found.copies in (1, 2)
    assert found.largest == "model.width=0.25"
    assert 50 << 20 < found.levels[0].peak_bytes < found.memory_bytes
    assert (found.device, found.process_bytes, found.node) == ("CPU", 0, "here")
    out = io.StringIO()
    show_packing([found], Console(file=out, width=200))
    assert f"CPU: {found.copies} trial" in out.getvalue()


@pytest.mark.slow
def test_copy_that_cannot_be_trained_says_why_and_leaves_no_process(betons: Betons, tmp_path: Path):
    spec = sweep(betons)
    missing = spec.corner_configs[0]
    missing = missing.model_copy(update={"data": missing.data.model_copy(update={"val": tmp_path / "none.beton"})})
    with pytest.raises(CopyError, match=r"none\.beton"):
        side_by_side(2, missing, 1, 0.5, on_gpu=False)
    assert multiprocessing.active_children() == []


PACKING = Packing(
    node="a (10.0.0.1)",
    device="NVIDIA H100",
    memory_bytes=80 * GIB,
    process_bytes=GIB // 2,
    largest="model.width=2",
    largest_bytes=20 * GIB,
    levels=(level(1, 10), level(2, 18), level(3, 24)),
    copies=3,
    why="memory",
)


def begun(tmp_path: Path) -> Path:
    spec = sweep()
    folder = tmp_path / spec.name
    folder.mkdir()
    data = {name: {"file": f"{name}.beton", "sha256": "a" * 64, "num_samples": 9} for name in ("train", "val")}
    write_record(
        folder,
        SweepRecord(
            name=spec.name,
            objectives=spec.objectives,
            spec=spec.model_dump(mode="json"),
            created=datetime.now(UTC),
            command="huetune sweep run packed.yaml",
            versions={},
            data=data,
        ),
    )
    return folder


def test_measured_share_is_the_sweeps_from_then_on(tmp_path: Path):
    folder = begun(tmp_path)
    ledger = Ledger(folder)
    assert (ledger.record.num_gpus, ledger.record.packing) == (0.0, ())
    ledger.set_packing([PACKING], share_of(3))
    again = Ledger(folder)
    assert again.spec.resources.num_gpus == again.record.num_gpus == 0.3333
    assert again.record.packing == (PACKING,)
    assert again.record.lineage == ()


def test_file_that_says_auto_is_still_the_same_sweep_once_it_is_measured(tmp_path: Path):
    folder = begun(tmp_path)
    require_same_sweep(sweep(), folder)
    Ledger(folder).set_packing([PACKING], share_of(3))
    require_same_sweep(sweep(), folder)
    assert read_sweep_record(folder).spec["resources"]["gpu"] == 0.3333
    with pytest.raises(SweepError, match="another resources"):
        require_same_sweep(sweep(resources={"gpu": "auto", "cpu": 2}), folder)


def test_record_from_before_a_key_existed_is_still_the_same_sweep(tmp_path: Path):
    folder = begun(tmp_path)
    record = json.loads((folder / "sweep.json").read_text())
    del record["spec"]["resources"]["stage"], record["spec"]["failures"]
    (folder / "sweep.json").write_text(json.dumps(record))
    require_same_sweep(sweep(), folder)


def test_table_marks_what_every_kind_of_gpu_has_room_for():
    other = PACKING.model_copy(update={"device": "NVIDIA A10", "copies": 2})
    out = io.StringIO()
    show_packing([PACKING, other], Console(file=out, width=200))
    text = out.getvalue()
    assert "NVIDIA H100: 3 trials on each, 2.40 times the steps of one alone (memory)" in text
    assert "the same for all: 2 trials on each GPU" in text


def test_status_report_and_check_tell_what_was_chosen(tmp_path: Path):
    folder = begun(tmp_path)
    spec, findings = with_known_share(sweep(), tmp_path)
    assert (spec.resources.num_gpus, [finding.verdict for finding in findings]) == (1.0, ["note"])
    Ledger(folder).set_packing([PACKING], share_of(3))
    chosen_line = "NVIDIA H100: 3 trials on each, 2.40 times the steps of one alone"
    out = io.StringIO()
    show_status(read_sweep(folder), Console(file=out, width=200))
    assert f"packing: {chosen_line}" in out.getvalue()
    spec, findings = with_known_share(sweep(), tmp_path)
    assert (spec.resources.num_gpus, findings[0].verdict) == (0.3333, "well")
    assert chosen_line in findings[0].seen


def test_check_of_a_file_says_what_will_be_measured():
    out = io.StringIO()
    check_sweep(sweep(), Path("no/such/sweep"), Console(file=out, width=200), num_steps=0)
    assert "packing: gpu: auto is measured before the first trial" in out.getvalue()
