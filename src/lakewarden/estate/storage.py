"""Where data lies: external locations, and the buckets of a deployment with what they are for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class ExternalLocation(Record):
    """A Unity Catalog external location."""

    name: str = key("name")
    url: Fact[str] = fact("url")


EXTERNAL_LOCATIONS: Final = Kind(
    "external_locations",
    ExternalLocation,
    Scope.WORKSPACE,
    "GET /api/2.1/unity-catalog/external-locations",
    "metastore admin, or BROWSE on each location",
)


class Purpose(StrEnum):
    """What a bucket is for; it decides what is right for it."""

    ROOT = "workspace root"
    AUDIT_LOGS = "audit logs"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that the deployment uses."""

    name: str
    purposes: frozenset[Purpose]

    @property
    def is_root(self) -> bool:
        """Return whether a workspace keeps its DBFS root here."""
        return Purpose.ROOT in self.purposes


def bucket_of(url: str) -> str:
    """Return the bucket of an `s3://bucket/path` URL, or "" for other stores."""
    scheme, _, rest = url.partition("://")
    return rest.partition("/")[0] if scheme in {"s3", "s3a"} else ""
