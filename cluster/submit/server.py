"""The job server of a running cluster (its dashboard): reached, or in one line why not."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import ray
import requests
from ray._private.authentication.http_token_authentication import get_auth_headers_if_auth_enabled
from ray.exceptions import AuthenticationError
from ray.job_submission import JobSubmissionClient

from search.driver.head import TOKEN_HINT
from search.errors import SweepError

CONNECT_TIMEOUT_S = 10.0


def job_server(address: str, timeout_s: float = CONNECT_TIMEOUT_S) -> JobSubmissionClient:
    """The jobs of the cluster whose dashboard is at `address`, such as http://HEAD:8265, which lets us in.

    Raises:
        SweepError: nothing answers there within the time, or no dashboard, or it refuses us, or has another Ray.
    """
    for name in ("ray", "ray.dashboard.modules.job.sdk", "ray.dashboard.modules.dashboard_sdk"):
        logging.getLogger(name).setLevel(logging.ERROR)  # they tell of every connection
    _require_url(address)
    _require_dashboard(address, timeout_s)
    os.environ["RAY_API_SERVER_ADDRESS"] = address  # else RAY_ADDRESS would overrule what was given here
    with told_in_one_line(address):
        return JobSubmissionClient(address)


@contextmanager
def told_in_one_line(address: str) -> Iterator[None]:
    """Inside, whatever goes wrong between us and the job server is a SweepError."""
    try:
        yield
    except AuthenticationError as error:
        raise SweepError(_refusal(address, str(error))) from None
    except (requests.RequestException, ConnectionError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise SweepError(f"the job server at {address} fails: {reason}") from None


def _refusal(address: str, reason: str) -> str:
    said = re.split(r"\. |\n", reason)[0].strip()
    return f"the cluster at {address} does not let us in ({said}); {TOKEN_HINT}"


def _require_url(address: str) -> None:
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise SweepError(f"--address {address!r} is no dashboard's; give http://HEAD:8265, with the head's name or IP")


def _require_dashboard(address: str, timeout_s: float) -> None:
    """Ask as Ray's client does, which would wait for ever where nobody answers."""
    try:
        headers = get_auth_headers_if_auth_enabled({})
        answer = requests.get(f"{address.rstrip('/')}/api/version", headers=headers, timeout=timeout_s)
        if answer.status_code in (401, 403):
            raise SweepError(_refusal(address, answer.text))
        version = answer.json()["ray_version"]
    except AuthenticationError as error:
        raise SweepError(_refusal(address, str(error))) from None
    except (requests.ConnectionError, requests.Timeout) as error:
        reason = "no answer in time" if isinstance(error, requests.Timeout) else "no connection"
        raise SweepError(
            f"nothing answers at --address {address} ({reason}); give the dashboard of a running cluster, or a tunnel "
            "to it: ssh -L 8265:127.0.0.1:8265 HEAD, and then http://127.0.0.1:8265"
        ) from None
    except (requests.RequestException, ValueError, KeyError, TypeError):
        raise SweepError(
            f"what answers at --address {address} is no Ray dashboard; give its port, which is 8265 unless it was set "
            "otherwise"
        ) from None
    if version != ray.__version__:
        raise SweepError(
            f"the cluster at {address} runs Ray {version}, and huetune is made for {ray.__version__}: install the "
            "pinned requirements on it"
        )
