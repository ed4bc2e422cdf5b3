"""`Mapping`: the same concern in another catalogue, by id, with a reason of our own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Relation(StrEnum):
    """How a control and an entry of another catalogue overlap."""

    EQUAL = "equal"
    SUBSET = "subset"
    SUPERSET = "superset"
    INTERSECTS = "intersects"


@dataclass(frozen=True, slots=True)
class Mapping:
    """An entry of another catalogue.

    Attributes:
        framework: the catalogue, one of `FRAMEWORKS`.
        id: the entry's id there.
        relation: what the control is to the entry: `subset` when it covers a part of it.
        reason: why, in one line.
    """

    framework: str
    id: str
    relation: Relation
    reason: str


FRAMEWORKS: Final = {
    "sat": "SAT",
    "nist": "NIST-800-53r5",
    "cis_aws": "CIS-AWS-5.0",
    "cis_databricks": "CIS-Azure-Databricks",
    "soc2": "SOC2",
    "pci": "PCI-DSS-4.0",
    "hipaa": "HIPAA",
    "iso": "ISO-27001-2022",
    "ccm": "CSA-CCM-4.0",
    "dasf": "DASF",
    "attack": "ATT&CK",
}
"""The catalogues, by the names that `also` takes."""


def also(reason: str, relation: Relation = Relation.INTERSECTS, **ids: str) -> tuple[Mapping, ...]:
    """Name entries of other catalogues that share a concern, for one reason.

    Args:
        reason: what is shared, in one line of our own.
        relation: how the control and these entries overlap.
        ids: by the keys of `FRAMEWORKS`, ids separated by blanks.
    """
    return tuple(
        Mapping(FRAMEWORKS[name], entry, relation, reason)
        for name, entries in ids.items()
        for entry in entries.split()
    )
