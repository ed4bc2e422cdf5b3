"""Eight attacks on the typical deployment, each by the clients that an intruder would use.

`serve` serves the world in the process that calls it; a process of its own keeps its buckets apart
from those of other worlds.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.core import Config, CredentialsStrategy
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.billing import LogDeliveryConfigStatus
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.iam import Patch, PatchOp, PatchSchema, WorkspacePermission
from databricks.sdk.service.workspace import ExportFormat

from lakewarden.simulate import Simulation, start

MARA = "adm-mara.lindqvist@typical.example"
JONAS = "adm-jonas.weber@typical.example"
CHIARA = "chiara.conti@typical.example"
BRUNO = "bruno.costa@typical.example"
FARID = "farid.haddad@typical.example"
INES = "ines.oliveira@typical.example"
LENA = "lena.fischer@typical.example"
OSKAR = "oskar.berg@typical.example"
ZOE = "zoe.papadaki@typical.example"
VENDOR = "support.engineer@databricks.com"

OFFICE = "203.0.113.10"
EXIT = "198.51.100.21"
"""The other address within the access lists: the exit of the VPN."""
OUTSIDE = "192.0.2.145"

_PATCH = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]


class _From(CredentialsStrategy):
    """A bearer token that is used from an address."""

    def __init__(self, token: str, address: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}

    def auth_type(self) -> str:
        """Return a name for logs."""
        return "token"

    def __call__(self, cfg: Config) -> Callable[[], dict[str, str]]:
        """Return what makes the headers of a request."""
        return lambda: dict(self._headers)


@dataclass(frozen=True)
class Place:
    """A served world, as whoever attacks it sees it."""

    simulation: Simulation

    def _config(self, host: str, token: str, address: str, **more: Any) -> Config:
        strategy = _From(token, address)
        return Config(host=host, credentials_strategy=strategy, retry_timeout_seconds=2, **more)

    def workspace(
        self, who: str, address: str = OFFICE, *, token: str | None = None, number: int = 2001
    ) -> WorkspaceClient:
        """Return a client of a workspace, signed in or with a token."""
        token = token or self.simulation.sign_in(who)
        url = self.simulation.workspace_urls[number]
        return WorkspaceClient(config=self._config(url, token, address))

    def account(self, who: str) -> AccountClient:
        """Return a client of the account."""
        host, account = self.simulation.account_host, self.simulation.account_id
        token = self.simulation.sign_in(who)
        return AccountClient(config=self._config(host, token, OFFICE, account_id=account))

    def http(self, who: str | None, address: str = OFFICE) -> httpx.Client:
        """Return a bare client, for what the console does."""
        token = self.simulation.sign_in(who) if who else "none"
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        return httpx.Client(base_url=self.simulation.workspace_urls[2001], headers=headers)

    def aws(self, service: str, key: dict[str, str] | None = None) -> Any:
        """Return a client of AWS, with the deployment's key or another."""
        key = key or {"AccessKeyId": "testing", "SecretAccessKey": "testing"}
        return boto3.client(
            service,
            endpoint_url=self.simulation.aws_url,
            region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    def id_of(self, who: str) -> str:
        """Return the id of a user of the account."""
        found = list(self.account(JONAS).users_v2.list(filter=f'userName eq "{who}"'))
        return found[0].id or ""


def token_theft(place: Place) -> None:
    """Use a token that was made at the office from outside, then from another admitted address."""
    made = place.workspace(BRUNO).tokens.create(comment="notebook", lifetime_seconds=30 * 86_400)
    place.workspace(BRUNO, token=made.token_value).current_user.me()
    try:
        place.workspace(BRUNO, OUTSIDE, token=made.token_value).current_user.me()
    except PermissionDenied:
        thief = place.workspace(BRUNO, EXIT, token=made.token_value)
    thief.current_user.me()
    thief.tokens.create(comment="sync")


def mass_download(place: Place) -> None:
    """Carry exports, results and notebooks away."""
    files = place.workspace(INES).files
    for number in range(10):
        path = f"/Volumes/main/crm/exports/part-{number:02}.csv"
        files.upload(path, io.BytesIO(b"name,city\n"))
        answer = files.download(path).contents
        assert answer is not None
        answer.read()
    admin = place.workspace(MARA).workspace
    for _ in range(24):
        admin.export("/Shared/handbook/connect-to-crm", format=ExportFormat.DBC)
    with place.http(INES) as console:
        for number in range(15):
            body = {"queryId": f"q-{number}", "fileType": "csv"}
            console.post("/console/sql/results", json=body).raise_for_status()


def list_removal(place: Place) -> None:
    """Take the IP access lists of a workspace away, and switch them off."""
    admin = place.workspace(MARA, number=2002)
    for entry in list(admin.ip_access_lists.list()):
        admin.ip_access_lists.delete(entry.list_id or "")
    admin.workspace_conf.set_status({"enableIpAccessLists": "false"})


def secret_enumeration(place: Place) -> None:
    """Look for secret scopes and read whatever is in them."""
    owner = place.workspace(MARA)
    for number in range(16):
        owner.secrets.put_secret("ty-analytics", f"service-{number:02}", string_value="kept here")
    thief = place.workspace(FARID).secrets
    for scope in thief.list_scopes():
        for secret in thief.list_secrets(scope.name or ""):
            thief.get_secret(scope.name or "", secret.key or "")


def mining(place: Place) -> None:
    """Start many large machines that nobody ever stops."""
    place.workspace(ZOE).clusters.create(
        "17.3.x-gpu-ml-scala2.13",
        cluster_name="tmp",
        node_type_id="p4d.24xlarge",
        num_workers=40,
        autotermination_minutes=0,
    )


def vendor_access(place: Place) -> None:
    """Let one of the vendor's staff look in whom nobody gave leave to."""
    with place.http(None, "198.51.100.250") as console:
        console.post("/console/support", json={"user": VENDOR}).raise_for_status()


def log_tampering(place: Place) -> None:
    """Stop the delivery of audit logs, verbose ones, and CloudTrail; overwrite what there is."""
    delivery = place.account(JONAS).log_delivery
    for entry in delivery.list():
        delivery.patch_status(entry.config_id or "", LogDeliveryConfigStatus.DISABLED)
    place.workspace(MARA, number=2002).workspace_conf.set_status(
        {"enableVerboseAuditLogs": "false"}
    )
    iam = place.aws("iam")
    iam.create_user(UserName="deploy-helper")
    key = iam.create_access_key(UserName="deploy-helper")["AccessKey"]
    place.aws("cloudtrail", key).stop_logging(Name="ty-trail")
    place.aws("s3", key).put_bucket_versioning(
        Bucket="ty-audit-logs", VersioningConfiguration={"Status": "Suspended"}
    )


def admin_chain(place: Place) -> None:
    """Make one user an account admin, who makes another a workspace admin, and so on."""
    oskar, lena = place.id_of(OSKAR), place.id_of(LENA)
    role = [{"value": "account_admin"}]
    first = place.account(JONAS)
    grant = Patch(op=PatchOp.ADD, path="roles", value=role)
    first.users_v2.patch(oskar, operations=[grant], schemas=_PATCH)
    second = place.account(OSKAR)
    second.workspace_assignment.update(2001, int(lena), permissions=[WorkspacePermission.ADMIN])
    (group,) = second.groups_v2.list(filter='displayName eq "ty-metastore-admins"')
    member = Patch(op=PatchOp.ADD, path="members", value=[{"value": oskar}])
    second.groups_v2.patch(group.id or "", operations=[member], schemas=_PATCH)
    everything = PermissionsChange(add=[Privilege.ALL_PRIVILEGES], principal=LENA)
    place.workspace(OSKAR).grants.update("catalog", "main", changes=[everything])
    remove = Patch(op=PatchOp.REMOVE, path='roles[value eq "account_admin"]')
    first.users_v2.patch(oskar, operations=[remove], schemas=_PATCH)


def ordinary_day(place: Place) -> None:
    """Do what people do every day, with the same calls as an intruder."""
    chiara = place.workspace(CHIARA)
    made = chiara.tokens.create(comment="editor", lifetime_seconds=30 * 86_400)
    place.workspace(CHIARA, token=made.token_value).current_user.me()
    chiara.secrets.get_secret("ty-analytics", "crm-token")
    path = f"/Volumes/main/crm/{CHIARA}.csv"
    chiara.files.upload(path, io.BytesIO(b"name\n"))
    chiara.files.download(path)
    with place.http(CHIARA) as console:
        body = {"queryId": "q-1", "fileType": "csv"}
        console.post("/console/sql/results", json=body).raise_for_status()
    chiara.clusters.create(
        "16.4.x-scala2.12",
        cluster_name="trial",
        node_type_id="m5d.large",
        num_workers=1,
        autotermination_minutes=30,
        custom_tags={"CostCenter": "4711"},
    )
    account = place.account(JONAS)
    assert [entry.config_name for entry in account.log_delivery.list()] == ["ty-audit"]
    trail = place.aws("cloudtrail").get_trail_status(Name="ty-trail")
    assert trail["IsLogging"]


ATTACKS = (
    *(token_theft, mass_download, list_removal, secret_enumeration),
    *(mining, vendor_access, log_tampering, admin_chain),
)


def serve(folder: Path) -> None:
    """Serve the typical deployment on an ordinary day, and then attack it.

    Args:
        folder: gets the logs of the ordinary day in `quiet`, and those of all in `attacked`.
    """
    logs = folder / "attacked"
    with start("typical", audit_dir=logs / "audit", cloudtrail_dir=logs / "cloudtrail") as served:
        ordinary_day(Place(served))
        served.deliver()
        shutil.copytree(logs, folder / "quiet")
        for attack in ATTACKS:
            attack(Place(served))
