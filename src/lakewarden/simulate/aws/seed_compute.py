"""Instances of a world, as Databricks launches them."""

from __future__ import annotations

from lakewarden.simulate.aws.builder import Builder, Table, tags


def instances(builder: Builder, world: Table) -> None:
    """Launch every `[[instances]]` table with one volume, both tagged as Databricks tags them."""
    for instance in world.get("instances", []):
        name = instance["name"]
        wanted = tags(name, {"Vendor": "Databricks"} | instance.get("tags", {}))
        made = builder.client("ec2").run_instances(
            ImageId="ami-0d6f1c9c3f7a8b2e4",
            InstanceType=instance["type"],
            MinCount=1,
            MaxCount=1,
            SubnetId=builder.ids[f"subnet.{instance['subnet']}"],
            SecurityGroupIds=[builder.ids[f"security_group.{instance['security_group']}"]],
            MetadataOptions={"HttpTokens": instance.get("metadata_tokens", "optional")},
            BlockDeviceMappings=[{"DeviceName": "/dev/xvdb", "Ebs": _volume(builder, instance)}],
            TagSpecifications=[
                {"ResourceType": kind, "Tags": wanted} for kind in ("instance", "volume")
            ],
        )["Instances"][0]
        builder.ids[f"instance.{name}"] = made["InstanceId"]


def _volume(builder: Builder, instance: Table) -> Table:
    """Describe the volume: encrypted by the world's key `key`, or by AWS's own, or not."""
    key = instance.get("key")
    volume = {
        "VolumeSize": 100,
        "VolumeType": "gp3",
        "Encrypted": instance.get("encrypted", key is not None),
    }
    return volume | ({"KmsKeyId": builder.ids[f"key.{key}"]} if key else {})
