"""How a file is laid out, told from its beginning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from lakewarden.events.columns import Source
from lakewarden.store.lake.shapes import (
    cloudtrail,
    databricks_delivered,
    databricks_diagnostic,
    databricks_system,
    vpcflow,
)
from lakewarden.store.lake.shapes.shape import Shape

SHAPES: Final = (
    databricks_diagnostic.SHAPE,
    databricks_delivered.SHAPE,
    databricks_system.SHAPE,
    cloudtrail.SHAPE,
    vpcflow.SHAPE,
)
"""All shapes; one whose keys another has inside of its own comes after it."""
HEAD: Final = 1 << 16
_BOM: Final = b"\xef\xbb\xbf"
_PARQUET: Final = b"PAR1"
_DIGEST: Final = re.compile(rb'\{\s*(?:"\w+"\s*:\s*(?:"[^"\\]*"|null)\s*,\s*)*"digestS3Bucket"\s*:')
"""A digest has this key of its own; in a record it is what somebody chose to write."""
_RECORDS: Final = re.compile(rb'\{\s*"Records"\s*:\s*\[')


class Layout(Enum):
    """What a file consists of."""

    LINES = "one JSON object a line"
    RECORDS = "one JSON object with a list of records"
    LIST = "a list of JSON objects"
    FIELDS = "lines of fields with spaces between them"
    PARQUET = "a Parquet file"
    NOTHING = "nothing to read"
    ODD = "anything else"


@dataclass(frozen=True, slots=True)
class Form:
    """How a file, or several that were joined, is read.

    Attributes:
        layout: what it consists of.
        shape: of its records; None where that is to be asked of each.
        fields: of a flow log.
        headed: whether the first line names the fields.
    """

    layout: Layout
    shape: Shape | None = None
    fields: tuple[str, ...] = ()
    headed: bool = False


def form_of(head: bytes, source: Source) -> Form:
    """Return the form of a file by its first `HEAD` bytes: a guess, that records are held to."""
    head = head.removeprefix(_BOM).lstrip()
    if not head:
        return Form(Layout.NOTHING)
    if head.startswith(_PARQUET):
        return Form(Layout.PARQUET, vpcflow.SHAPE if source is Source.VPCFLOW else None)
    if source is Source.VPCFLOW:
        return _flow(head)
    if head.startswith(b"["):
        return Form(Layout.LIST)
    return (_trail(head) if source is Source.CLOUDTRAIL else None) or _lines(head, source)


def _trail(head: bytes) -> Form | None:
    if _DIGEST.match(head):
        return Form(Layout.NOTHING)
    return Form(Layout.RECORDS, cloudtrail.SHAPE) if _RECORDS.match(head) else None


def _lines(head: bytes, source: Source) -> Form:
    line = head.split(b"\n", 1)[0]
    for shape in SHAPES:
        if shape.source is source and all(b'"%s"' % key.encode() in line for key in shape.keys):
            return Form(Layout.LINES, shape)
    return Form(Layout.ODD)


def digest_of_trail(key: str, source: Source) -> bool:
    """Return whether a file only vouches for others."""
    return source is Source.CLOUDTRAIL and "CloudTrail-Digest" in key


def _flow(head: bytes) -> Form:
    fields = tuple(head.split(b"\n", 1)[0].decode("utf-8", "replace").split())
    if fields[0].isdigit():
        return Form(Layout.FIELDS, vpcflow.SHAPE, vpcflow.DEFAULT)
    if len(set(fields)) < len(fields) or vpcflow.TIMES.isdisjoint(fields):
        return Form(Layout.ODD, vpcflow.SHAPE)
    return Form(Layout.FIELDS, vpcflow.SHAPE, fields, headed=True)
