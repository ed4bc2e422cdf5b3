"""Wishes about metastores, and about those whom they share data with."""

from __future__ import annotations

from typing import Any

from lakewarden.controls.kit.unity_subjects import Shown
from lakewarden.estate.fact import Fact
from lakewarden.estate.unity import Metastore, Recipient
from lakewarden.plan.change import Attributes, Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Wish


def metastore_wish(metastore: Metastore, field: Fact[Any], wanted: Any) -> Wish:
    """Wish for a value of a field of a metastore.

    Raises:
        UnreadError: what it is now was not read.
    """
    name = metastore.id if metastore.name.gap is not None else metastore.name.get()
    where = path(*field.field.split("."))
    target = Target("metastore", "account", metastore.id)
    return Wish(target, name, {where: field.get()}, {where: wanted})


def recipient_wish(
    shown: Shown[Recipient], before: Attributes, edits: Attributes, irreversible: str = ""
) -> Wish:
    """Wish for other values of a recipient, by path."""
    name = shown.record.name
    target = Target("recipient", f"workspace/{shown.workspace.id}", name)
    return Wish(target, name, before, edits, irreversible=irreversible)
