"""Cluster access modes: which of them keep the users of a cluster apart."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Isolation(StrEnum):
    """How a cluster keeps its users apart.

    `USERS`: each user's code runs by itself. `SINGLE`: there is one user, or one group that shares
    everything knowingly. `LEGACY`: kept apart by a mechanism that the platform is phasing out.
    `UNASSIGNED`: meant for one user, whom nobody named. `NONE`: everybody on the cluster can reach
    everybody's credentials and data. `UNKNOWN`: an access mode that is not in these tables.
    """

    USERS = "users are isolated"
    SINGLE = "dedicated to one user or group"
    LEGACY = "isolated by a legacy mode"
    UNASSIGNED = "dedicated, but to nobody"
    NONE = "no isolation"
    UNKNOWN = "an unknown access mode"

    @property
    def separates(self) -> bool:
        """Return whether users are kept apart."""
        return self in {Isolation.USERS, Isolation.SINGLE, Isolation.LEGACY}


_MODES: Final = {
    "USER_ISOLATION": Isolation.USERS,
    "DATA_SECURITY_MODE_STANDARD": Isolation.USERS,
    "DATA_SECURITY_MODE_AUTO": Isolation.USERS,
    "SINGLE_USER": Isolation.SINGLE,
    "DATA_SECURITY_MODE_DEDICATED": Isolation.SINGLE,
    "LEGACY_SINGLE_USER": Isolation.SINGLE,
    "LEGACY_SINGLE_USER_STANDARD": Isolation.SINGLE,
    "LEGACY_TABLE_ACL": Isolation.LEGACY,
    "LEGACY_PASSTHROUGH": Isolation.LEGACY,
    "NONE": Isolation.NONE,
}
"""`data_security_mode` of the Clusters API 2.1."""

_TABLE_ACLS: Final = {"spark.databricks.acl.dfAclsEnabled": "true"}
_PASSTHROUGH: Final = {
    "spark.databricks.passthrough.enabled": "true",
    "spark.databricks.cluster.profile": "serverless",
}


def isolation(
    mode: str | None, single_user: str | None, spark_conf: Mapping[str, str]
) -> Isolation:
    """Return how a cluster keeps its users apart.

    Args:
        mode: its `data_security_mode`; None for clusters made without one.
        single_user: its `single_user_name`.
        spark_conf: its Spark configuration, which alone tells the legacy modes apart where there
            is no access mode.
    """
    if mode is None:
        legacy = any(_contains(spark_conf, wanted) for wanted in (_TABLE_ACLS, _PASSTHROUGH))
        return Isolation.LEGACY if legacy else Isolation.NONE
    found = _MODES.get(mode, Isolation.UNKNOWN)
    if found is Isolation.SINGLE and not single_user:
        return Isolation.UNASSIGNED
    return found


def _contains(conf: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(conf.get(name, "").lower() == value for name, value in wanted.items())
