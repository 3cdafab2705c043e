"""Manifests for KubeRay: held against the schemas of Kubernetes and of KubeRay, and what stands in them."""

import gzip
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource
from typer.testing import CliRunner

import cluster.commands
from cluster.launch.kuberay import object_name
from data.errors import HuetuneError
from search.driver.growth import kinds_to_come
from search.spec.sweep_spec import load_spec

SCHEMAS = Path(__file__).with_name("schemas")
CLUSTER = {
    "image": "registry.example.org/huetune:1",
    "shared": {"claim": "huetune", "mount": "/storage"},
    "workers": [
        {"name": "steady", "cpu": 8, "memory": "64Gi", "gpus": 2, "min": 1, "max": 2},
        {"name": "spot", "cpu": 4, "memory": "32Gi", "gpus": 1, "max": 16, "spot": "gke"},
    ],
    "pull_secrets": ["registry"],
    "service_account": "trials",
    "max_hours": 48,
}


def require_valid(manifest: dict[str, Any]) -> None:
    kubernetes = json.loads(gzip.decompress((SCHEMAS / "kubernetes-1.37.json.gz").read_bytes()))
    kuberay = json.loads((SCHEMAS / "kuberay.json").read_text())
    contents = {"urn:kubernetes": kubernetes, "urn:kuberay": kuberay}
    draft = "https://json-schema.org/draft/2020-12/schema"
    resources = [(name, Resource.from_contents({"$schema": draft} | content)) for name, content in contents.items()]
    kind = manifest["kind"]
    place = (
        f"urn:kuberay#/$defs/{kind}" if kind.startswith("Ray") else f"urn:kubernetes#/$defs/io.k8s.api.core.v1.{kind}"
    )
    jsonschema.Draft202012Validator({"$ref": place}, registry=Registry().with_resources(resources)).validate(manifest)


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    content = {
        "name": "Two_Tasks",
        "data": {"train": "/storage/train.beton", "val": "/storage/val.beton", "batch_size": 8},
        "objectives": {"l1": "min"},
        "base": {"epochs": 1, "evaluation": {"fid_images": 0}},
        "space": {"loss.l1": {"log": [1, 300]}},
        "search": {"trials": 4},
    }
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def kuberay(spec_file: Path, *options: str, **changes: Any) -> str:
    cluster_file = spec_file.with_name("kuberay.yaml")
    cluster_file.write_text(yaml.safe_dump(CLUSTER | changes))
    command = ["kuberay", str(spec_file), "--cluster", str(cluster_file), *options]
    result = CliRunner().invoke(cluster.commands.app, command)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_manifests_are_valid_and_run_the_sweep_again_until_it_is_done(spec_file: Path, tmp_path: Path):
    config_map, job = yaml.safe_load_all(kuberay(spec_file, "--dry-run", "--set", "search.trials=9"))
    require_valid(config_map)
    require_valid(job)
    words = shlex.split(job["spec"]["entrypoint"])
    assert words[:4] == ["huetune", "sweep", "run", "/etc/huetune/sweep.yaml"]
    assert words[4:] == ["--or-resume", "--name", "Two_Tasks", "--storage", "/storage/sweeps", "--address", "auto"]
    assert job["spec"]["backoffLimit"] == 10
    assert job["spec"]["activeDeadlineSeconds"] == 48 * 3600
    assert job["spec"]["shutdownAfterJobFinishes"]
    sent = tmp_path / "sent.yaml"
    sent.write_text(config_map["data"]["sweep.yaml"])
    assert load_spec(sent) == load_spec(spec_file, ["search.trials=9"])


def test_schemas_refuse_a_field_that_there_is_not(spec_file: Path):
    _, job = yaml.safe_load_all(kuberay(spec_file, "--dry-run"))
    ray_cluster = job["spec"]["rayClusterSpec"]
    for part in (job["spec"], ray_cluster, ray_cluster["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]):
        part["misspelt"] = 1
        with pytest.raises(jsonschema.ValidationError, match="misspelt"):
            require_valid(job)
        del part["misspelt"]


def test_example_gives_valid_manifests(spec_file: Path):
    example = Path(cluster.commands.__file__).parent / "launch/examples/kuberay.yaml"
    for manifest in yaml.safe_load_all(kuberay(spec_file, "--dry-run", **yaml.safe_load(example.read_text()))):
        require_valid(manifest)


def test_token_is_made_by_kuberay_or_stands_in_a_secret_of_ones_own(spec_file: Path):
    text = kuberay(spec_file, "--dry-run")
    assert list(yaml.safe_load_all(text))[1]["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token"}
    own = list(yaml.safe_load_all(kuberay(spec_file, "--dry-run", token_secret="mine")))[1]  # noqa: S106
    require_valid(own)
    assert own["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token", "secretName": "mine"}
    assert "RAY_AUTH_TOKEN" not in text


def test_spot_workers_have_time_to_drain_and_the_head_keeps_off_their_nodes(
    spec_file: Path, monkeypatch: pytest.MonkeyPatch
):
    _, job = yaml.safe_load_all(kuberay(spec_file, "--dry-run"))
    ray_cluster = job["spec"]["rayClusterSpec"]
    head = ray_cluster["headGroupSpec"]["template"]["spec"]
    steady, spot = (group["template"]["spec"] for group in ray_cluster["workerGroupSpecs"])
    required = head["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = required["nodeSelectorTerms"][0]["matchExpressions"]
    assert term == {"key": "cloud.google.com/gke-spot", "operator": "NotIn", "values": ["true"]}
    assert spot["nodeSelector"] == {"cloud.google.com/gke-spot": "true"}
    assert {toleration["key"] for toleration in spot["tolerations"]} == {"nvidia.com/gpu", "cloud.google.com/gke-spot"}
    assert "nodeSelector" not in steady
    seconds = int(spot["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert seconds < spot["terminationGracePeriodSeconds"]
    assert steady["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    variables = {variable["name"]: variable["value"] for variable in head["containers"][0]["env"]}
    monkeypatch.setenv("HUETUNE_CLUSTER_GROWS_TO", variables["HUETUNE_CLUSTER_GROWS_TO"])
    assert kinds_to_come() == [{"CPU": 8, "GPU": 2, "count": 2}, {"CPU": 4, "GPU": 1, "count": 16}]


def test_no_pod_runs_as_root_or_gains_rights(spec_file: Path):
    _, job = yaml.safe_load_all(kuberay(spec_file, "--dry-run"))
    ray_cluster = job["spec"]["rayClusterSpec"]
    pods = [ray_cluster["headGroupSpec"]["template"]["spec"]]
    pods += [group["template"]["spec"] for group in ray_cluster["workerGroupSpecs"]]
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
        assert {"name": "shared-memory", "mountPath": "/dev/shm"} in pod["containers"][0]["volumeMounts"]  # noqa: S108
    assert [pod.get("automountServiceAccountToken", True) for pod in pods] == [True, False, False]


def test_cluster_alone_for_sweeps_that_are_handed_in(spec_file: Path):
    (ray_cluster,) = yaml.safe_load_all(kuberay(spec_file, "--dry-run", "--cluster-only"))
    require_valid(ray_cluster)
    assert ray_cluster["kind"] == "RayCluster"
    assert "configMap" not in str(ray_cluster)


def test_mistakes_are_told_in_one_message_with_their_lines(spec_file: Path):
    with pytest.raises(HuetuneError) as caught:
        kuberay(
            spec_file, "--dry-run", head={"memory": "lots"}, workers=[{"name": "w", "cpu": 0, "memory": "1Gi"}], x=1
        )
    for words in ("head.memory", "workers.0.cpu", "workers.0.max: missing", "x: unknown key", "line "):
        assert words in str(caught.value)
    with pytest.raises(HuetuneError, match=r"max 1 is below min 2"):
        kuberay(spec_file, "--set", "workers.0.max=1", "--set", "workers.0.min=2")
    with pytest.raises(HuetuneError, match="/lost is not under /storage"):
        kuberay(spec_file, "--set", "shared.sweeps=/lost")
    with pytest.raises(HuetuneError, match=r"data\.val: /home/val\.beton is not under /storage"):
        kuberay(spec_file, "--set", "data.val=/home/val.beton")


def test_names_are_those_that_kubernetes_allows_and_stay_apart():
    assert object_name("demo") == "demo"
    names = [object_name(name) for name in ("Two_Tasks", "two-tasks", "two.tasks", "7", "___", "x" * 100)]
    assert len(set(names)) == 6
    assert all(len(name) <= 47 and name[0].isalpha() and name.replace("-", "").isalnum() for name in names)
    assert all(name == name.lower() and not name.endswith("-") for name in names)


def test_kubectl_gets_the_manifests_and_its_refusal_is_one_line(
    spec_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:], 'kind: RayJob' in sys.stdin.read())\n")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert "['apply', '-f', '-'] True" in kuberay(spec_file)
    kubectl.write_text("#!/bin/sh\necho 'error: no\n connection' >&2\nexit 1\n")
    with pytest.raises(HuetuneError, match=r"kubectl refuses the manifests \(error: no connection\)"):
        kuberay(spec_file)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(HuetuneError, match="there is no kubectl"):
        kuberay(spec_file)
