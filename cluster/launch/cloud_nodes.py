"""The kinds of machines of a rented cluster, in the words of each cloud."""

from typing import Any

from cluster.launch.cloud_config import AwsCluster, GcpCluster, Machine, WorkerMachines

HEAD = "head"


def node_types(cluster: AwsCluster | GcpCluster) -> dict[str, Any]:
    """`available_node_types` of a file for `ray up`."""

    def described(machine: Machine) -> dict[str, Any]:
        return _on_aws(cluster, machine) if isinstance(cluster, AwsCluster) else _on_gcp(cluster, machine)

    # Trials are for workers: on the head one of them could take the driver's memory.
    head = {"resources": {"CPU": 0}, "min_workers": 0, "max_workers": 0, "node_config": described(cluster.head)}
    return {HEAD: head} | {
        group.name: {
            "resources": {"CPU": group.cpus} | ({"GPU": group.gpus} if group.gpus else {}),
            "min_workers": group.min,
            "max_workers": group.max,
            "node_config": described(group),
        }
        for group in cluster.workers
    }


def _on_aws(cluster: AwsCluster, machine: Machine) -> dict[str, Any]:
    config: dict[str, Any] = {
        "InstanceType": machine.type,
        "ImageId": cluster.image,
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": machine.disk_gib, "VolumeType": "gp3", "Encrypted": True}}
        ],
        # Without a session token a page that a trial fetches could read the machine's own rights.
        "MetadataOptions": {"HttpTokens": "required"},
    }
    if cluster.subnets:
        config["SubnetIds"] = list(cluster.subnets)
    if cluster.security_groups:
        config["SecurityGroupIds"] = list(cluster.security_groups)
    if cluster.head_profile and machine is cluster.head:
        config["IamInstanceProfile"] = {"Arn": cluster.head_profile}
    if isinstance(machine, WorkerMachines) and machine.spot:
        config["InstanceMarketOptions"] = {"MarketType": "spot"}
    return config


def _on_gcp(cluster: GcpCluster, machine: Machine) -> dict[str, Any]:
    disk = {"diskSizeGb": machine.disk_gib, "sourceImage": cluster.image}
    config: dict[str, Any] = {
        "machineType": machine.type,
        "disks": [{"boot": True, "autoDelete": True, "type": "PERSISTENT", "initializeParams": disk}],
    }
    scheduling: dict[str, Any] = {}
    if isinstance(machine, WorkerMachines) and machine.accelerator:
        kind = f"zones/{cluster.zone}/acceleratorTypes/{machine.accelerator}"
        config["guestAccelerators"] = [{"acceleratorType": kind, "acceleratorCount": machine.gpus}]
    if machine.gpus:  # Google cannot move a machine with a GPU to another host
        scheduling["onHostMaintenance"] = "TERMINATE"
    if isinstance(machine, WorkerMachines) and machine.spot:
        scheduling |= {"provisioningModel": "SPOT", "instanceTerminationAction": "DELETE"}
    return config | ({"scheduling": scheduling} if scheduling else {})
