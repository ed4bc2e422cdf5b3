"""Switches of a whole AWS region; the key of each target is the region."""

from __future__ import annotations

from lakewarden.apply.aws import asked
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target


class DiskDefault(Hand):
    """Whether new disks are encrypted unasked: `/EbsEncryptionByDefault`."""

    kind = "ebs_encryption_default"
    calls = (
        "ec2:GetEbsEncryptionByDefault",
        "ec2:EnableEbsEncryptionByDefault",
        "ec2:DisableEbsEncryptionByDefault",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return whether it is on."""
        answer = asked(doors, "ec2", "get_ebs_encryption_by_default", target.key)
        return {"EbsEncryptionByDefault": answer["EbsEncryptionByDefault"]}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the value says it all
        """Switch it on or off."""
        verb = "enable" if wanted.get("EbsEncryptionByDefault") else "disable"
        asked(doors, "ec2", f"{verb}_ebs_encryption_by_default", target.key)


class Detector(Hand):
    """GuardDuty, of which a region has one detector at most: `/Status`, ENABLED or DISABLED."""

    kind = "guardduty_detector"
    calls = (
        "guardduty:ListDetectors",
        "guardduty:GetDetector",
        "guardduty:CreateDetector",
        "guardduty:UpdateDetector",
        "guardduty:DeleteDetector",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the detector, with its id."""
        found = asked(doors, "guardduty", "list_detectors", target.key)["DetectorIds"]
        if not found:
            return None
        answer = asked(doors, "guardduty", "get_detector", target.key, DetectorId=found[0])
        return {"DetectorId": found[0], "Status": answer["Status"]}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Enable or suspend it."""
        arguments = {"DetectorId": found["DetectorId"], "Enable": wanted["Status"] == "ENABLED"}
        asked(doors, "guardduty", "update_detector", target.key, **arguments)

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Set GuardDuty up."""
        enable = wanted["Status"] == "ENABLED"
        asked(doors, "guardduty", "create_detector", target.key, Enable=enable)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Take GuardDuty away again."""
        arguments = {"DetectorId": found["DetectorId"]}
        asked(doors, "guardduty", "delete_detector", target.key, **arguments)


HANDS = (DiskDefault(), Detector())
