"""What `huetune cluster check` makes of what nodes answer, without a cluster."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from cluster.check.clocks import offset_finding
from cluster.check.limits import free_memory_bytes, limits
from cluster.check.memory import Room, judged
from cluster.check.report import Report, as_json, show
from cluster.check.stages import mark_other_weights
from search.preflight.finding import Finding
from search.preflight.nodes import NoAnswer, Node
from search.spec.sweep_spec import SweepSpec, parse_spec
from search.worker.device import CUDA_CONTEXT_BYTES
from search.worker.peak import Peak

GIB = 1 << 30


def shown(report: Report) -> str:
    out = io.StringIO()
    show(report, Console(file=out, width=160))
    return out.getvalue()


def test_hundred_nodes_are_shown_in_two_tables_with_the_odd_ones_last():
    findings = {f"n{number:02d}": [Finding("storage", f"{number} GiB free")] for number in range(100)}
    for name in ("n17", "n23"):
        findings[name] = [Finding("storage", f"{name} sees another", "share it")]
    text = shown(Report(findings))
    assert text.count("to mend") == 1
    assert "98 nodes: n00, n01, n02, n03 and 94 more" in text
    assert "n17: n17 sees another" in text
    assert text.index("98 nodes") < text.index("2 nodes: n17, n23")
    assert text.splitlines()[-1] == "faults on 2 nodes: n17, n23"


def test_table_takes_what_nodes_say_literally():
    assert "[red]x[/red]" in shown(Report({"[a]": [Finding("storage", "[red]x[/red]")]}))


def test_json_has_a_verdict_for_each_finding():
    report = Report(
        {"a": [Finding("clock", "fine"), Finding("room", "none", note="more"), Finding("data", "no", "copy")]}
    )
    content = json.loads(as_json(report))
    assert content["well"] is False
    assert [one["verdict"] for one in content["nodes"]["a"]] == ["well", "note", "fault"]
    assert content["nodes"]["a"][2] == {"subject": "data", "verdict": "fault", "seen": "no", "mend": "copy"}
    assert json.loads(as_json(Report({"a": [Finding("room", "none", note="more")]})))["well"] is True


@pytest.mark.parametrize(
    ("trip_s", "offset_s", "seen"),
    [
        (0.1, 4.9, "within 5 s of the driver's"),
        (0.1, 30.0, "30 s ahead of the driver's"),
        (0.1, -30.0, "30 s behind the driver's"),
        (60.0, 30.0, "within 5 s of the driver's"),  # an answer that took a minute tells no more than that
    ],
)
def test_clock_is_at_fault_only_where_that_is_sure(trip_s: float, offset_s: float, seen: str):
    finding = offset_finding(trip_s, offset_s)
    assert finding.seen == seen
    assert bool(finding.fault) == ("within" not in seen)


def spec(**resources: float) -> SweepSpec:
    return parse_spec(
        {
            "name": "small",
            "data": {"train": "train.beton", "val": "val.beton"},
            "objectives": {"l1": "min"},
            "base": {"model": {"depth": 4}},
            "space": {},
            "search": {"trials": 1},
            "resources": resources,
        }
    )


def test_memory_is_compared_with_what_all_trials_of_a_node_take():
    room = Room("", 10 * GIB, 0)
    (enough,) = judged(spec(), "width=1", Peak(2 * GIB, 0), room, at_once=5)
    assert (enough.fault, enough.seen) == ("", "the largest trial (width=1) takes 2.0 GiB; 5 at once, 10.0 GiB free")
    assert "resources.concurrent" in judged(spec(), "all", Peak(2 * GIB, 0), room, at_once=6)[0].fault
    assert not judged(spec(concurrent=2), "all", Peak(2 * GIB, 0), room, at_once=6)[0].fault


def test_gpu_memory_counts_what_each_process_takes_besides():
    peak = Peak(GIB, 10 * GIB)
    room = Room("A", 100 * GIB, 2 * (peak.gpu_bytes + CUDA_CONTEXT_BYTES))
    _, fits = judged(spec(gpu=0.5), "all", peak, room, at_once=2)
    assert not fits.fault
    _, fits_not = judged(spec(gpu=0.4), "all", peak, Room("A", 100 * GIB, room.gpu_bytes - 1), at_once=2)
    assert "raise resources.gpu" in fits_not.fault


def test_what_could_not_be_measured_is_a_fault_unless_it_was_only_late():
    room = Room("", GIB, 0)
    assert judged(spec(), "all", "out of memory", room, at_once=1)[0].verdict == "fault"
    assert judged(spec(), "all", NoAnswer(Finding("answer", "died", "look")), room, at_once=1)[0].verdict == "fault"
    assert judged(spec(), "all", None, room, at_once=1)[0].verdict == "note"
    late = NoAnswer(Finding("answer", "none", "look"), late=True)
    assert judged(spec(), "all", late, room, at_once=1)[0].verdict == "note"


def test_weights_that_few_nodes_have_are_at_fault():
    nodes = [Node(name, name, {}, Path("/")) for name in "abc"]
    found = {node: [Finding("weights, vgg16", "content 1"), Finding("clock", "fine")] for node in nodes}
    found[nodes[1]][0] = Finding("weights, vgg16", "content 2")
    mark_other_weights(found)
    assert [found[node][0].fault for node in nodes] == ["", "most nodes have content 1: copy theirs here", ""]


def test_limits_of_this_machine_are_read():
    subjects = [finding.subject for finding in limits()]
    assert subjects[-1] == "open files"
    assert 0 < free_memory_bytes() < 1 << 50
