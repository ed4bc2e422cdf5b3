"""SQL warehouses, and the configuration that all of a workspace share."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.fields import chosen
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/sql/warehouses/{}"
_CONFIG: Final = "/api/2.0/sql/config/warehouses"
_FIELDS: Final = (
    *("name", "cluster_size", "min_num_clusters", "max_num_clusters", "auto_stop_mins"),
    *("creator_name", "tags", "spot_instance_policy", "enable_photon", "channel"),
    *("enable_serverless_compute", "warehouse_type", "instance_profile_arn", "max_dbu"),
    "statement_timeout",
)
"""What may be written of a warehouse."""


class Warehouse(Hand):
    """One SQL warehouse; the key of the target is its id, its document the answer of the API.

    All that may be written is sent as it was read, but for the change: the service documents
    defaults for what is left out.
    """

    kind = "warehouse"
    calls = ("GET /api/2.0/sql/warehouses/{id}", "POST /api/2.0/sql/warehouses/{id}/edit")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the warehouse; None when it is gone."""
        found: Json | None = maybe(doors.databricks(target.scope), _PATH.format(target.key))
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Write the warehouse."""
        path = f"{_PATH.format(target.key)}/edit"
        doors.databricks(target.scope).send("POST", path, chosen(wanted, _FIELDS))


class WarehouseConfig(Hand):
    """What all SQL warehouses of a workspace share; the key of the target is `warehouses`.

    The call replaces everything, so everything is sent as it was read, but for the change.
    """

    kind = "warehouse_config"
    calls = (f"GET {_CONFIG}", f"PUT {_CONFIG}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the configuration."""
        found: Json | None = maybe(doors.databricks(target.scope), _CONFIG)
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Replace the configuration."""
        doors.databricks(target.scope).send("PUT", _CONFIG, wanted)


HANDS = (Warehouse(), WarehouseConfig())
