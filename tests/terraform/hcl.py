"""Reads formatted Terraform as far as needed: which arguments and blocks a resource has."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_RESOURCE = re.compile(r'^(?P<sort>resource|data) "(?P<type>\w+)" "(?P<name>\w+)" \{$')
_NAMED = re.compile(r'^"?(?P<name>[\w.*-]+)"?\s*(?P<sign>[=:]?)\s*(?P<rest>.*)$')
_INLINE = re.compile(r"\{ (\w+) = ")
META = frozenset({"count", "depends_on", "for_each", "lifecycle", "provider"})


@dataclass
class Body:
    """What stands between two braces; `many` where several may stand there, as in a list."""

    inner: dict[str, Body] = field(default_factory=dict)


def resources(text):
    """Yield sort, type, name and body of every resource and data source of a file."""
    lines = iter(text.splitlines())
    for line in lines:
        found = _RESOURCE.match(line)
        if found:
            yield found["sort"], found["type"], found["name"], _body(lines)


def _body(lines):
    """Read up to the brace that closes; braces and brackets without a name add no level."""
    root = Body()
    stack = [root]
    for raw in lines:
        line = re.sub(r"\s*#.*", "", raw.strip())
        if line.startswith(("}", "]", ")")) and not line.endswith(("{", "[", "(")):
            stack.pop()
            if not stack:
                return root
        elif line.endswith(("{", "[", "(")):
            found = _NAMED.match(line)
            anonymous = line.startswith(("{", "[", "(", "for ", "}", "]")) or not found
            stack.append(stack[-1] if anonymous else _into(stack[-1], found["name"]))
        elif (found := _NAMED.match(line)) and found["sign"] == "=":
            body = _into(stack[-1], found["name"])
            for name in _INLINE.findall(found["rest"]):
                _into(body, name)
    raise AssertionError("a resource does not end")


def _into(body, name):
    return body.inner.setdefault(name, Body())
