"""What the parts of the seeding share: clients of the pretend AWS and the ids made so far."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from lakewarden.simulate.aws.documents import document, fill
from lakewarden.simulate.aws.front import BUILDER_KEY
from lakewarden.simulate.aws.wire import ACCOUNT_ID

Table = dict[str, Any]

_loader = Loader()  # reading botocore's service models takes a second, so all builders share them


class Builder:
    """Builds a world's AWS half through the public API.

    Args:
        url: The endpoint of every service.
        world: The world's AWS half; `region` and `account_id`, the Databricks account, count here.

    Attributes:
        ids: What was made: "kind.name" to its id or ARN.
        region: The world's region.
    """

    def __init__(self, url: str, world: Table) -> None:
        self.region: str = world.get("region", "us-east-1")
        self.ids: dict[str, str] = {}
        self._given = {
            "account_id": world["account_id"],
            "aws_account": ACCOUNT_ID,
            "region": self.region,
            "today": datetime.now(UTC).date().isoformat(),
        }
        self._url = url
        core = botocore.session.Session()
        core.register_component("data_loader", _loader)
        self._session = boto3.Session(
            BUILDER_KEY, "builder", region_name=self.region, botocore_session=core
        )
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service."""
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service,
                endpoint_url=self._url,
                config=Config(proxies={}, parameter_validation=False),
            )
            if service == "s3control":
                self._clients[service].meta.events.register(
                    "before-sign.s3-control", self._without_account_in_host
                )
        return self._clients[service]

    def document(self, source: str | Table, **blanks: str) -> str:
        """Write a policy document; `blanks` and all that is known so far fill it."""
        return document(source, {**self._given, **self.ids, **blanks})

    def text(self, template: str) -> str:
        """Fill the blanks of a text by what is known so far; `${today}` is the date in UTC."""
        return fill(template, {**self._given, **self.ids})

    def close(self) -> None:
        """Hang up all connections."""
        for client in self._clients.values():
            client.close()

    def _without_account_in_host(self, request: Any, **_: Any) -> None:
        """Undo botocore's `<account>.<host>`, a name that does not exist on loopback."""
        request.url = request.url.replace(f"//{ACCOUNT_ID}.", "//")


def tags(name: str, more: dict[str, str] | None = None) -> list[dict[str, str]]:
    """Write tags as EC2 and IAM take them, the name first."""
    return [{"Key": key, "Value": value} for key, value in ({"Name": name} | (more or {})).items()]
