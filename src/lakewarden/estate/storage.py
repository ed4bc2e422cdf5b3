"""Where data lies: external locations, and the buckets of a deployment with what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lakewarden.estate.fact import Fact, Gap, UnreadError
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class ExternalLocation(Record):
    """A Unity Catalog external location. `isolation` is ISOLATION_MODE_OPEN or …_ISOLATED."""

    name: str = key("name")
    url: Fact[str] = fact("url")
    credential: Fact[str] = fact("credential_name")
    isolation: Fact[str] = fact("isolation_mode")


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
    """A bucket that the deployment uses.

    Attributes:
        name: its name.
        purposes: what it is certainly for.
        unsure: why it might be for something else besides, by purpose.
    """

    name: str
    purposes: frozenset[Purpose]
    unsure: Mapping[Purpose, Gap] = field(default_factory=dict, compare=False)

    def serves(self, purpose: Purpose) -> bool:
        """Return whether it is for a purpose.

        Raises:
            UnreadError: that is not certain.
        """
        if purpose in self.purposes:
            return True
        if purpose in self.unsure:
            raise UnreadError(self.unsure[purpose])
        return False

    @property
    def is_root(self) -> bool:
        """Return whether a workspace keeps its DBFS root here.

        Raises:
            UnreadError: that is not certain.
        """
        return self.serves(Purpose.ROOT)


def bucket_of(url: str) -> str:
    """Return the bucket of an `s3://bucket/path` URL, or "" for other stores."""
    scheme, _, rest = url.partition("://")
    return rest.partition("/")[0] if scheme in {"s3", "s3a"} else ""
