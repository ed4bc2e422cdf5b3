"""VPC flow logs: any choice and order of their fields, as text or as Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lakewarden.events.columns import Source
from lakewarden.store.lake import duck
from lakewarden.store.lake.shapes.shape import Shape, digest, flat

DEFAULT: Final = (
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
)
"""The fields of a flow log that does not say which it has."""

TIMES: Final = frozenset({"start", "end"})
"""The fields of which one at least is needed."""
_FIELDS: Final[Mapping[str, str]] = {
    "account-id": "account",
    "interface-id": "interface",
    "srcaddr": "srcaddr",
    "dstaddr": "dstaddr",
    "srcport": "srcport",
    "dstport": "dstport",
    "protocol": "protocol",
    "packets": "packets",
    "bytes": "bytes",
    "start": "start",
    "action": "action",
    "log-status": "status",
    "region": "region",
}
"""The fields that have a column, and the names of these where they are read into."""
_NUMBERS: Final = {"src_port": "srcport", "dst_port": "dstport"} | {
    name: name for name in ("protocol", "bytes", "packets")
}

SHAPE: Final = Shape(
    name="vpcflow",
    source=Source.VPCFLOW,
    keys=frozenset(),
    columns={
        **dict.fromkeys(_FIELDS.values(), "VARCHAR"),
        "others": "MAP(VARCHAR, VARCHAR)",
    },
    at="TRY_CAST(coalesce(\"start\", others['end']) AS BIGINT) * 1000",
    sound="coalesce(action, status) <> ''",
    values={
        "id": digest(*(f'r."{name}"' for name in _FIELDS.values()), flat("others")),
        "account_id": "nullif(account, 'unknown')",
        "region": "coalesce(r.region, c.region)",
        "service": "'vpc'",
        "action": "coalesce(action, status)",
        "ok": "CASE action WHEN 'ACCEPT' THEN true WHEN 'REJECT' THEN false END",
        "interface": "interface",
        **{name: f"TRY_CAST(r.{field} AS BIGINT)" for name, field in _NUMBERS.items()},
        "params": "CASE WHEN status IS NULL THEN others"
        " ELSE map_concat(others, MAP {'log-status': status}) END",
    },
    src_ip="srcaddr",
    dst_ip="dstaddr",
    context=' LEFT JOIN context c ON c.file = r."~file"',
)


def reading(fields: Iterable[str], relation: str, place: str) -> str:
    """Return the SELECT of what the shape is read into, from a relation with the fields of a log.

    Args:
        fields: the names that the columns of the relation have, with `-` or `_`.
        relation: what to read, as SQL.
        place: SQL of where a row comes from.
    """
    known = {field.replace("_", "-"): duck.name(field) for field in fields}
    columns = [
        f"{_present(known[field]) if field in known else 'NULL'} AS {duck.name(name)}"
        for field, name in _FIELDS.items()
    ]
    others = ", ".join(
        f"{{'key': {duck.text(name)}, 'value': {_present(column)}}}"
        for name, column in sorted(known.items())
        if name not in _FIELDS and not name.startswith("~")
    )
    kept = f"list_filter([{others}], lambda e: e.value IS NOT NULL)"
    columns.append(f"map_from_entries({kept})" if others else "MAP {}::MAP(VARCHAR, VARCHAR)")
    return f"SELECT {', '.join(columns)} AS others, {place} FROM {relation}"


def _present(column: str) -> str:
    return f"nullif(nullif(CAST({column} AS VARCHAR), '-'), '')"
