"""What a bundle is made for, and which of it could not work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lakewarden.errors import UsageError

_FIELDS: Final = (6, 7)
_FIELD: Final = re.compile(r"[0-9A-Za-z*/,?#-]+")
_NAME: Final = re.compile(r"[\w-]+")
_ID: Final = re.compile(r"[\w.@+-]+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_HOST: Final = re.compile(r"https://[\w.:-]+/?")


@dataclass(frozen=True, slots=True)
class Machines:
    """Clusters of the jobs' own, where serverless compute is not wanted.

    Attributes:
        node_type: the type of the machines.
        policy: the id of a cluster policy; None for none.
        instance_profile: the ARN of what reads AWS; None where AWS is not read.
    """

    node_type: str
    policy: str | None = None
    instance_profile: str | None = None


@dataclass(frozen=True, slots=True)
class BundleOptions:
    """What a bundle is made for.

    Attributes:
        catalog: the catalogue of the alert tables.
        schema: their schema.
        warehouse: the id of the SQL warehouse of the dashboard.
        service_principal: the application id of what the jobs run as.
        account_id: the Databricks account.
        account_host: the URL of its console.
        host: the URL of the workspace; None leaves it to whoever deploys.
        viewers: the group that sees jobs and dashboard; None for nobody else.
        detect_schedule: when the rules are run, as Quartz has it, in UTC.
        assess_schedule: when the deployment is assessed, likewise.
        scope: the secret scope of the service principal's secret, and of what sinks ask for.
        notify: who gets mail when a run fails, and while grave alerts are open.
        variables: the environment variables that sinks of the policy file ask for.
        requirement: what pip installs: a version, or the path of a wheel in the bundle.
        machines: the clusters; None for serverless compute.
    """

    catalog: str
    schema: str
    warehouse: str
    service_principal: str
    account_id: str
    account_host: str
    host: str | None
    viewers: str | None
    detect_schedule: str
    assess_schedule: str
    scope: str
    notify: tuple[str, ...]
    variables: tuple[str, ...]
    requirement: str
    machines: Machines | None = None

    @property
    def reads_aws(self) -> bool:
        """Return whether something lets the jobs read AWS."""
        return bool(self.machines and self.machines.instance_profile)

    def check(self) -> None:
        """Insist that everything is what it should be.

        Raises:
            UsageError: something is not.
        """
        shapes = (
            ("--catalog", self.catalog, _NAME, "the name of a catalogue"),
            ("--schema", self.schema, _NAME, "the name of a schema"),
            (
                "--warehouse",
                self.warehouse,
                _NAME,
                "the id of a SQL warehouse, as 1234567890abcdef",
            ),
            ("--service-principal", self.service_principal, _UUID, "its application id, a UUID"),
            ("--account-id", self.account_id, _UUID, "the account's id, a UUID"),
            ("--account-host", self.account_host, _HOST, "an https:// URL"),
            ("--host", self.host, _HOST, "the https:// URL of the workspace"),
            ("--scope", self.scope, _ID, "the name of a secret scope"),
            *(("--notify", each, _MAIL, "an address of mail") for each in self.notify),
        )
        for option, value, shape, wanted in shapes:
            if value is not None and not shape.fullmatch(value):
                raise UsageError(f"{option}: {value!r} cannot be used", next_step=f"Give {wanted}")
        for option, cron in (
            ("--schedule", self.detect_schedule),
            ("--assess-schedule", self.assess_schedule),
        ):
            _check_cron(option, cron)


def _check_cron(option: str, text: str) -> None:
    fields = text.split()
    days = fields[3:4] + fields[5:6]
    if len(fields) in _FIELDS and all(map(_FIELD.fullmatch, fields)) and days.count("?") == 1:
        return
    raise UsageError(
        f"{option}: {text!r} is no schedule",
        next_step="Write it as Quartz does, seconds first and ? for one of the two days: "
        "'0 30 5 * * ?' is half past five every day",
    )
