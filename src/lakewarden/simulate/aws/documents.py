"""Policy documents of a world: JSON text, tables, or a file of `policies/`, its blanks filled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

Names = Mapping[str, str]

_BLANK = re.compile(r"\$\{([a-z_]+(?:\.[\w-]+)?)\}")


def document(source: str | Mapping[str, Any], names: Names) -> str:
    """Write a policy document as the JSON text that AWS takes.

    Args:
        source: JSON text; or a policy as a table; or a table whose `document` names a file of
            `policies/` and whose other keys fill that file's blanks.
        names: What the blanks `${name}` stand for, such as `account_id` or `vpc.hs-research`.

    Raises:
        KeyError: A blank has no value.
        FileNotFoundError: There is no such file.
    """
    if isinstance(source, str):
        return fill(source, names)
    if "document" not in source:
        return fill(json.dumps(source), names)
    blanks = {key: fill(value, names) for key, value in source.items() if key != "document"}
    template = files(__package__).joinpath("policies", f"{source['document']}.json")
    return json.dumps(json.loads(fill(template.read_text("utf-8"), {**names, **blanks})))


def fill(text: str, names: Names) -> str:
    """Replace each `${name}`; what IAM itself replaces, such as `${aws:username}`, stays.

    Raises:
        KeyError: A name has no value.
    """
    return _BLANK.sub(lambda match: names[match[1]], text)
