"""Pages of lists in which callers see only some rows, cut without looking at all of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from lakewarden.simulate.state import Json, Table
from lakewarden.simulate.tables import window
from lakewarden.simulate.web import Request, invalid


def visible_page(
    request: Request,
    table: Table,
    key: str,
    sees: Callable[[Json], bool],
    *,
    size: int,
    most: int,
    newest_first: bool = False,
) -> Json:
    """One full page of the rows that pass ``sees``, and ``next_page_token`` while rows follow.

    The page size is the query's ``page_size`` or ``limit`` (0 or absent: ``size``), at most
    ``most``. A page may be the last but one with nothing after it, as the real lists allow.
    """
    asked = request.number("page_size", 0) or request.number("limit", 0)
    length = min(asked or size, most)
    place, rows = _place(request), table.values()
    total = len(rows)
    found: list[Json] = []
    while place < total and len(found) < length:
        wanted = length - len(found)
        if newest_first:
            part = window(rows, max(total - place - wanted, 0), total - place)[::-1]
        else:
            part = window(rows, place, place + wanted)
        place += len(part)
        found += filter(sees, part)
    answer: Json = {key: found}
    if place < total:
        answer["next_page_token"] = base64.urlsafe_b64encode(str(place).encode()).decode()
    return answer


def _place(request: Request) -> int:
    try:
        token = base64.urlsafe_b64decode(request.query.get("page_token", "").encode())
        return max(int(token or b"0"), 0)
    except (binascii.Error, ValueError):
        raise invalid("Invalid page token") from None
