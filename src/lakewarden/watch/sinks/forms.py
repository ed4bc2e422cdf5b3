"""The two forms that a program may have an alert in: as it is printed here, and as OCSF has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from lakewarden.watch.sinks import ocsf
from lakewarden.watch.sinks.notice import Notice

_FORMS: Final[Mapping[str, Callable[[Notice], Mapping[str, Any]]]] = {
    "lakewarden": lambda notice: notice.report,
    "ocsf": ocsf.finding,
}


def written(notice: Notice, options: Mapping[str, Any]) -> str:
    """Return a notice as JSON on one line, in the form that a sink asks for."""
    return json.dumps(_FORMS[options.get("format", "lakewarden")](notice))
