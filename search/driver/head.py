"""Whether a Ray head answers at an address and takes us, found out in seconds.

Ray itself (2.60) tries for 80 s, and then blames the network for a wrong token.
"""

import os
import socket
import time

import grpc  # type: ignore[import-untyped]
import ray
from ray._private import services
from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available
from ray._private.grpc_utils import init_grpc_channel
from ray.core.generated.gcs_pb2 import GcsNodeInfo  # type: ignore[attr-defined]
from ray.core.generated.gcs_service_pb2 import CheckAliveRequest, GetAllNodeInfoRequest  # type: ignore[attr-defined]
from ray.core.generated.gcs_service_pb2_grpc import NodeInfoGcsServiceStub

from search.errors import SweepError

CONNECT_TIMEOUT_S = 10.0
ASK_AGAIN_S = 0.5
AUTO = "auto"
_OPTIONS = [("grpc.enable_http_proxy", 0)]
TOKEN_HINT = "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to a file with the cluster's token"  # noqa: S105


def find_head(address: str, timeout_s: float = CONNECT_TIMEOUT_S) -> str:
    """The host:port of the head at `address`, which is there, lets us in, is of our version, and has this machine.

    address: host:port, or `auto` for the cluster that this machine is a node of (RAY_ADDRESS, if that is set).
    timeout_s: for each thing asked.

    Raises:
        SweepError: it is not so.
    """
    place = _canonical(address)
    _require_listener(place, address, timeout_s)
    with init_grpc_channel(place, _OPTIONS) as channel:
        head = NodeInfoGcsServiceStub(channel)
        _require_welcome(head, place, timeout_s)
    _require_our_node(place, timeout_s)
    return place


def nodes_here(place: str, timeout_s: float = CONNECT_TIMEOUT_S) -> set[str]:
    """The ids of those nodes of the cluster at host:port that run on this machine.

    Raises:
        SweepError: the head does not answer.
    """
    with init_grpc_channel(place, _OPTIONS) as channel:
        return _alive(NodeInfoGcsServiceStub(channel), timeout_s) & set(services.find_node_ids())


def answers(place: str, timeout_s: float) -> bool:
    """Whether the head at host:port says that it is alive."""
    try:
        with init_grpc_channel(place, _OPTIONS) as channel:
            NodeInfoGcsServiceStub(channel).CheckAlive(CheckAliveRequest(), timeout=timeout_s)
    except grpc.RpcError:
        return False
    return True


def _canonical(address: str) -> str:
    """As Ray will use it: with the machine's outer address in the place of 127.0.0.1."""
    if address == AUTO:
        maybe_enable_token_auth_if_token_available(warn_if_disabled=False)  # as ray.init(address="auto") does
    else:
        _require_host_and_port(address)
    try:
        found: str | None = services.canonicalize_bootstrap_address(address)
    except ValueError:
        raise SweepError("--address auto: RAY_ADDRESS is no host:port; set it to the head's, or unset it") from None
    if found is None:
        raise SweepError(
            "--address auto: no Ray runs on this machine, and RAY_ADDRESS is not set; give the head's host:port, "
            "or start one with `ray start`"
        )
    return found


def _require_host_and_port(address: str) -> None:
    if "://" in address:
        raise SweepError(
            f"--address {address!r} is no head's; give its host:port, or hand the sweep in with "
            "`huetune cluster submit --address http://HEAD:8265`"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise SweepError(f"--address {address!r} is no address; give the host:port of a running Ray head, or auto")


def _require_listener(place: str, given: str, timeout_s: float) -> None:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout_s).close()
    except OSError as error:
        reason = f"{error}" if place == given else f"{place}: {error}"
        raise SweepError(
            f"nothing answers at --address {given!r} ({reason}); give the host:port of a running Ray head"
        ) from None


def _require_welcome(head: NodeInfoGcsServiceStub, place: str, timeout_s: float) -> None:
    try:
        reply = head.CheckAlive(CheckAliveRequest(), timeout=timeout_s)
    except ray.exceptions.AuthenticationError as error:  # before anything was sent
        raise SweepError(f"there is no token for {place!r} ({_first_sentence(error)}); {TOKEN_HINT}") from None
    except grpc.RpcError as error:
        raise SweepError(_refusal(place, error)) from None
    if reply.ray_version != ray.__version__:
        raise SweepError(
            f"the cluster at {place!r} runs Ray {reply.ray_version}, and this machine Ray {ray.__version__}: "
            "install the pinned requirements on both"
        )


def _require_our_node(place: str, timeout_s: float) -> None:
    """A driver needs a node of the cluster on its own machine, which may just have been started."""
    until = time.monotonic() + timeout_s
    while not nodes_here(place, timeout_s):
        if time.monotonic() > until:
            raise SweepError(
                f"this machine is no node of the cluster at {place!r}: run this on one that is, or hand the sweep in "
                "with `huetune cluster submit`"
            )
        time.sleep(ASK_AGAIN_S)


def _alive(head: NodeInfoGcsServiceStub, timeout_s: float) -> set[str]:
    try:
        nodes = head.GetAllNodeInfo(GetAllNodeInfoRequest(), timeout=timeout_s).node_info_list
    except grpc.RpcError as error:
        raise SweepError(f"the Ray head stopped answering ({error.code().name}); see whether it still runs") from None
    return {node.node_id.hex() for node in nodes if node.state == GcsNodeInfo.ALIVE}


def _refusal(address: str, error: grpc.RpcError) -> str:
    code = error.code()
    if code == grpc.StatusCode.UNAUTHENTICATED:
        given = "refuses this token" if os.environ.get("RAY_AUTH_MODE") == "token" else "asks for a token"
        return f"the Ray cluster at {address!r} {given}; {TOKEN_HINT}"
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"what listens at {address!r} says nothing; see whether the head has hung, and its address"
    return (
        f"what answers at {address!r} is no Ray head; give the head's port, which is 6379 unless it was set otherwise"
    )


def _first_sentence(error: Exception) -> str:
    return str(error).partition(". ")[0]
