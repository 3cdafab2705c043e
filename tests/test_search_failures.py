"""Which failures a trial survives, and which end the whole sweep."""

import pytest
import ray.exceptions

from search.driver.failures import FailurePolicy, failure_of
from search.spec.sections import FailuresSection


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ray.exceptions.OutOfMemoryError("Task was killed due to the node running low on memory."), "host-memory"),
        (ray.exceptions.RayActorError(preempted=True), "preemption"),
        (ray.exceptions.RayActorError(error_msg="The actor died because its node has died. Node Id: ab"), "lost-node"),
        (ray.exceptions.NodeDiedError("the node is gone"), "lost-node"),
        (ray.exceptions.RayActorError(error_msg="The actor died.\nWorker exit detail: SIGSEGV"), "worker-death"),
        (None, "worker-death"),
    ],
)
def test_ray_errors_have_causes(error: Exception | None, cause: str):
    assert failure_of(error).cause == cause


def test_reason_is_the_last_line_of_what_ray_says():
    failure = failure_of(ray.exceptions.RayActorError(error_msg="The actor died.\n\tpid: 12\nexit detail: SIGSEGV\n"))
    assert failure.reason == "its worker died: exit detail: SIGSEGV"


def test_each_cause_has_its_own_number_of_retries():
    policy = FailurePolicy(FailuresSection(worker_death=2, host_memory=0))
    assert policy.goes_on({"worker-death": 2}, "worker-death")
    assert not policy.goes_on({"worker-death": 3}, "worker-death")
    assert not policy.goes_on({"host-memory": 1}, "host-memory")
    assert policy.goes_on({"worker-death": 2, "host-memory": 0}, "worker-death")
    assert not policy.goes_on({"bug": 1}, "bug")


def test_lost_nodes_never_use_up_retries():
    policy = FailurePolicy(FailuresSection())
    assert policy.goes_on({"lost-node": 1000, "preemption": 1000}, "lost-node")


def test_same_bug_of_so_many_trials_in_a_row_ends_the_sweep():
    policy = FailurePolicy(FailuresSection(same_bug=3))
    reasons = ["KeyError: 'a'", "OSError: no file /x/0001", "OSError: no file /x/0002", "OSError: no file /x/0003"]
    assert [bool(policy.settled(reason)) for reason in reasons] == [False, False, False, True]


def test_success_or_another_bug_begins_the_count_anew():
    policy = FailurePolicy(FailuresSection(same_bug=2))
    assert not any(policy.settled(reason) for reason in ["KeyError", "", "KeyError", "ValueError", "KeyError"])
