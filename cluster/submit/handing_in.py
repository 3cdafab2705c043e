"""A sweep made a Ray job: the code and the sweep file travel, data and storage are the cluster's own."""

import shlex
import time
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from ray.job_submission import JobDetails, JobStatus, JobSubmissionClient

from cluster.launch.job import SweepJob
from search.driver.shipped import shipped_code
from search.errors import SweepError

SPEC_FILE = "sweep.yaml"
_SWEEP = "huetune-sweep"
_STOP_WAIT_S = 60
"""For the driver to end cleanly when the job is stopped; Ray's 3 s would cut it off."""
_START_WAIT_S = 60.0
_TRY_EVERY_S = 2.0


def hand_in(client: JobSubmissionClient, spec_text: str, name: str, storage: PurePosixPath, python: str) -> str:
    """Start the sweep, or go on with it, as a job of the cluster; its submission id.

    spec_text: the sweep file as the cluster's machines read it; python: that of the cluster's nodes.

    Raises:
        SweepError: a job runs this sweep already.
    """
    identifier = _next_identifier(client.list_jobs(), name)
    job = SweepJob(PurePosixPath(SPEC_FILE), name, storage)
    with shipped_code() as code:
        (code / SPEC_FILE).write_text(spec_text, encoding="utf-8")
        # As a module, so that the code that travels is the one that runs, whatever is installed over there.
        request = {
            "entrypoint": shlex.join([python, "-m", *job.command()]),
            "submission_id": identifier,
            "runtime_env": {"working_dir": str(code), "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(_STOP_WAIT_S)}},
            "metadata": {_SWEEP: name},
        }
        return _submitted(client, request, time.monotonic() + _START_WAIT_S)


def _submitted(client: JobSubmissionClient, request: dict[str, Any], until: float) -> str:
    """The submission id, once the head takes jobs, which one that has just started does not yet."""
    while True:
        try:
            identifier: str = client.submit_job(**request)
        except RuntimeError as error:
            if "No available agent" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(_TRY_EVERY_S)
        else:
            return identifier


def _next_identifier(jobs: list[JobDetails], name: str) -> str:
    """`huetune-NAME-1` and so on: Ray takes each once, and keeps the logs of those that ended."""
    for job in jobs:
        if (job.metadata or {}).get(_SWEEP) == name and not JobStatus(job.status).is_terminal():
            raise SweepError(
                f"the sweep {name!r} runs already, as job {job.submission_id}: follow or stop it with `ray job logs "
                f"--follow {job.submission_id}` and `ray job stop {job.submission_id}`, or give another --name"
            )
    taken = {job.submission_id for job in jobs}
    return next(new for number in count(1) if (new := f"huetune-{name}-{number}") not in taken)
