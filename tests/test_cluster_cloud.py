"""Files for `ray up`: held against Ray's own schema and checks, and what stands in them."""

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from typer.testing import CliRunner

import cluster.commands
from data.errors import HuetuneError

WORKERS = [
    {"name": "steady", "type": "g5.2xlarge", "cpus": 8, "gpus": 1, "max": 2},
    {"name": "spot", "type": "g5.2xlarge", "cpus": 8, "gpus": 1, "max": 16, "spot": True},
]
SHARED = {"source": "10.0.0.2:/share", "mount": "/storage"}
AWS = {
    "provider": "aws",
    "region": "eu-central-1",
    "image": "ami-0123456789abcdef0",
    "head": {"type": "m7i.2xlarge", "cpus": 8},
    "workers": WORKERS,
    "shared": SHARED,
    "subnets": ["subnet-1"],
    "security_groups": ["sg-1"],
}
GCP = {
    "provider": "gcp",
    "region": "europe-west4",
    "zone": "europe-west4-a",
    "project": "my-project",
    "image": "projects/my-project/global/images/huetune",
    "head": {"type": "n2-standard-8", "cpus": 8},
    "workers": [
        {
            "name": "t4",
            "type": "n1-standard-8",
            "cpus": 8,
            "gpus": 1,
            "max": 4,
            "spot": True,
            "accelerator": "nvidia-t4",
        }
    ],
}
HOSTS = {"provider": "hosts", "head": "gpu1.lab", "workers": ["gpu2.lab", "gpu3.lab"], "ssh": {"user": "ann"}}


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    content = {
        "name": "two-tasks",
        "data": {"train": "/storage/train.beton", "val": "/storage/val.beton", "batch_size": 8},
        "objectives": {"l1": "min"},
        "base": {"epochs": 1, "evaluation": {"fid_images": 0}},
        "space": {"loss.l1": {"log": [1, 300]}},
        "search": {"trials": 4},
    }
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def cloud(spec_file: Path, description: dict[str, Any], *options: str) -> str:
    cluster_file = spec_file.with_name("cluster.yaml")
    cluster_file.write_text(yaml.safe_dump(description))
    command = ["cloud", str(spec_file), "--cluster", str(cluster_file), "--out", str(spec_file.parent), *options]
    result = CliRunner().invoke(cluster.commands.app, command)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def rendered(spec_file: Path, description: dict[str, Any], *options: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(cloud(spec_file, description, "--dry-run", *options))
    return content


@pytest.mark.parametrize("description", [AWS, GCP, HOSTS], ids=["aws", "gcp", "hosts"])
def test_ray_takes_the_file(spec_file: Path, description: dict[str, Any]):
    content = rendered(spec_file, description)
    validate_config(prepare_config(content))
    for start in (content["head_start_ray_commands"][1], content["worker_start_ray_commands"][1]):
        assert "RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=" in start
        subprocess.run(["bash", "-n", "-c", start], check=True)  # noqa: S603, S607
    assert "--dashboard-host=127.0.0.1" in content["head_start_ray_commands"][1]
    assert "--autoscaling-config" in content["head_start_ray_commands"][1]


@pytest.mark.parametrize("name", ["aws", "gcp", "hosts"])
def test_ray_takes_what_the_example_gives(spec_file: Path, name: str):
    example = Path(cluster.commands.__file__).parent / f"launch/examples/{name}.yaml"
    validate_config(prepare_config(rendered(spec_file, yaml.safe_load(example.read_text()))))


def test_machines_of_aws(spec_file: Path):
    content = rendered(spec_file, AWS, "--set", "workers.0.min=1")
    head, steady, spot = (content["available_node_types"][name] for name in ("head", "steady", "spot"))
    assert head["resources"] == {"CPU": 0}
    assert (steady["min_workers"], steady["max_workers"], steady["resources"]) == (1, 2, {"CPU": 8, "GPU": 1})
    assert spot["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert all("InstanceMarketOptions" not in kind["node_config"] for kind in (head, steady))
    assert spot["node_config"]["SecurityGroupIds"] == ["sg-1"]
    assert content["max_workers"] == 18
    grows = 'HUETUNE_CLUSTER_GROWS_TO=\'[{"CPU": 8, "GPU": 1, "count": 2}, {"CPU": 8, "GPU": 1, "count": 16}]\''
    assert grows in content["head_start_ray_commands"][1]
    assert "sudo mount -t nfs4 10.0.0.2:/share /storage" in " ".join(content["setup_commands"])


def test_machines_of_google(spec_file: Path):
    content = rendered(spec_file, GCP)
    config = content["available_node_types"]["t4"]["node_config"]
    assert config["scheduling"] == {
        "onHostMaintenance": "TERMINATE",
        "provisioningModel": "SPOT",
        "instanceTerminationAction": "DELETE",
    }
    kind = "zones/europe-west4-a/acceleratorTypes/nvidia-t4"
    assert config["guestAccelerators"] == [{"acceleratorType": kind, "acceleratorCount": 1}]
    assert "scheduling" not in content["available_node_types"]["head"]["node_config"]


def test_own_hosts_train_on_the_head_too(spec_file: Path):
    content = rendered(spec_file, HOSTS)
    assert content["provider"] == {"type": "local", "head_ip": "gpu1.lab", "worker_ips": ["gpu2.lab", "gpu3.lab"]}
    assert "--num-cpus" not in content["head_start_ray_commands"][1]
    assert "HUETUNE_CLUSTER_GROWS_TO" not in content["head_start_ray_commands"][1]
    assert prepare_config(content)["available_node_types"]["local.cluster.node"]["min_workers"] == 2


def test_token_is_a_file_of_mode_600_and_in_no_other_file(spec_file: Path):
    told = cloud(spec_file, HOSTS)
    folder = spec_file.parent / "two-tasks"
    token = (folder / "token").read_text()
    assert stat.S_IMODE((folder / "token").stat().st_mode) == 0o600
    assert token not in (folder / "cluster.yaml").read_text() + told
    assert yaml.safe_load((folder / "cluster.yaml").read_text())["file_mounts"] == {
        "/home/ann/huetune": str(Path(cluster.commands.__file__).parents[1]),
        "/home/ann/.huetune-token": str(folder / "token"),
    }
    assert "huetune cluster submit" in told
    cloud(spec_file, HOSTS)
    assert (folder / "token").read_text() == token
    (folder / "token").chmod(0o644)
    with pytest.raises(HuetuneError, match="mode 644"):
        cloud(spec_file, HOSTS)


def test_ray_up_is_run_where_that_is_asked_for_and_its_failure_told(spec_file: Path):
    unknown = HOSTS | {"ssh": {"user": "ann", "private_key": "/nowhere/key"}}
    with pytest.raises(HuetuneError, match=r"`ray up .*` failed with exit status"):
        cloud(spec_file, unknown, "--up")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"provider": "azure"}, "provider: 'azure' is none; known: aws, gcp, hosts"),
        ({"provider": None}, "provider: missing"),
        ({"image": "ami-1; rm"}, "image"),
        ({"head": {"type": "m5", "cpus": 8, "spot": True}}, "head.spot: unknown key"),
        ({"workers": [*WORKERS, WORKERS[0]]}, "steady is a name that is taken"),
        ({"workers": [WORKERS[0] | {"max": 0}], "region": "a b"}, "region: "),
        ({"shared": {"source": "10.0.0.2:/share", "mount": "storage"}}, "must be a whole path"),
        ({"environment": {"A B": "c"}}, "environment"),
    ],
)
def test_mistakes_are_told_in_one_line(spec_file: Path, changes: dict[str, Any], words: str):
    with pytest.raises(HuetuneError) as caught:
        cloud(spec_file, AWS | changes, "--dry-run")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
