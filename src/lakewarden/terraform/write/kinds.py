"""Every kind that is written, with the rows of its family."""

from __future__ import annotations

from typing import Final

from lakewarden.terraform.write.families import (
    access,
    account,
    buckets,
    compute,
    keys,
    settings,
    unity,
    vpc,
    watching,
)
from lakewarden.terraform.write.rows import Rows

_FAMILIES: Final = (
    *(settings, access, compute, account, unity),
    *(buckets, keys, vpc, watching),
)

ROWS: Final[Rows] = {kind: row for family in _FAMILIES for kind, row in family.ROWS.items()}
"""How things become resources, by kind."""
TERRAFORM_KINDS: Final = frozenset(kind for kind, row in ROWS.items() if row.rows)
"""The kinds of things that can become a resource."""
