"""A job watched from outside: it runs on whether or not anybody looks."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import aiohttp
from ray.job_submission import JobDetails, JobStatus, JobSubmissionClient

from search.errors import SweepError

ASK_EVERY_S = 2.0
SILENCE_S = 60.0
MAX_BREAKS = 5
_NOT_FOUND = 127
"""A shell's exit status where there is no such program."""


class JobFailedError(SweepError):
    """A job ended without having done its work."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


def follow(client: JobSubmissionClient, identifier: str, show: Callable[[str], None]) -> None:
    """Show what a job says until it ends; a connection that breaks is made again."""
    asyncio.run(_follow(client, identifier, show))


async def _follow(client: JobSubmissionClient, identifier: str, show: Callable[[str], None]) -> None:
    num_shown = num_breaks = 0
    while num_breaks <= MAX_BREAKS:
        try:
            num_seen = 0  # each connection begins with the first line again
            async for text in _unless_silent(client.tail_job_logs(identifier)):
                show(text[max(num_shown - num_seen, 0) :])
                num_seen += len(text)
                num_shown, num_breaks = max(num_shown, num_seen), 0
            return
        except (RuntimeError, aiohttp.ClientError, ConnectionError):
            num_breaks += 1
            await asyncio.sleep(ASK_EVERY_S)
        except TimeoutError:  # the job has nothing to say, or its machine is gone: connecting again tells
            continue
    raise SweepError(f"the job server says no more; job {identifier} may run on: see `ray job status {identifier}`")


async def _unless_silent(texts: AsyncIterator[str]) -> AsyncIterator[str]:
    """What comes, until nothing comes for SILENCE_S, which raises TimeoutError."""
    with suppress(StopAsyncIteration):
        while True:
            yield await asyncio.wait_for(anext(texts), SILENCE_S)


def wait(client: JobSubmissionClient, identifier: str) -> None:
    """Return once the job has succeeded.

    Raises:
        JobFailedError: it has not; with its exit status.
    """
    while not JobStatus((job := client.get_job_info(identifier)).status).is_terminal():
        time.sleep(ASK_EVERY_S)
    if JobStatus(job.status) != JobStatus.SUCCEEDED:
        raise JobFailedError(f"job {identifier} {_end(job)}", job.driver_exit_code or 1)


def _end(job: JobDetails) -> str:
    if JobStatus(job.status) == JobStatus.STOPPED:
        return "was stopped; submit the sweep again to go on with it"
    if job.driver_exit_code == _NOT_FOUND:
        return "found no such Python on the head; name the one of the nodes with --python /path/to/.venv/bin/python"
    return f"failed with exit status {job.driver_exit_code}: see `ray job logs {job.submission_id}`"
