"""`Plan`: the JSON of `terraform show -json`, read into resources.

The format is HashiCorp's, version 1: `planned_values` has what will be there, `resource_changes`
what of it is known after apply, and `configuration` what refers to what.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lakewarden.errors import PlanFileError
from lakewarden.terraform.values import look_up

_MAKE_ONE: Final = "Make one with `terraform show -json PLAN > plan.json`"
_MASKS: Final = frozenset({"(sensitive value)", "(sensitive)", "REDACTED", "[REDACTED]", "***"})
_INDEX: Final = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as it will be.

    Attributes:
        address: its place in the plan, `module.net.aws_subnet.private["a"]`.
        type: `aws_subnet`.
        name: `private`.
        module: the address of the module it is in, empty for the root module.
        provider: the key of its provider's configuration.
        values: its attributes.
        unknown: the same shape, true where the value is known after apply.
        expressions: what its attributes are made from.
    """

    address: str
    type: str
    name: str
    module: str
    provider: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    unknown: Any = field(default_factory=dict)
    expressions: Mapping[str, Any] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """Return what the plan says at a path, in the words of `values`."""
        return look_up(self.values, self.unknown, path)

    def blocks(self, name: str) -> Iterator[Resource]:
        """Yield the blocks of a name, each like a resource of its own at the same address."""
        blocks = self.values.get(name)
        unknown = self.unknown.get(name) if isinstance(self.unknown, Mapping) else None
        written = self.expressions.get(name)
        if not isinstance(blocks, list):
            return
        for number, block in enumerate(blocks):
            if isinstance(block, Mapping):
                yield replace(
                    self,
                    values=block,
                    unknown=_entry(unknown, number, len(blocks)) or {},
                    expressions=_entry(written, number, len(blocks)) or {},
                )


def _entry(blocks: Any, number: int, count: int) -> Any:
    """Return what belongs to one of several blocks, where it is said block by block."""
    return blocks[number] if isinstance(blocks, list) and len(blocks) == count else None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan.

    Attributes:
        made: when, ISO 8601; empty for Terraform older than 1.5.
        resources: what will be there, by address.
        root: the configuration of the root module.
        providers: the expressions of each provider's configuration, by key.
    """

    made: str
    resources: Mapping[str, Resource]
    root: Mapping[str, Any]
    providers: Mapping[str, Mapping[str, Any]]


def read_plan(data: bytes, *, file: str) -> Plan:
    """Read a plan.

    Raises:
        PlanFileError: it is no plan in JSON, of another version, or has masked values.
    """
    document = _document(data, file)
    try:
        return _plan(document, file)
    except (KeyError, TypeError, AttributeError) as error:
        raise _refused(f"is not a whole plan ({error})", file) from None


def _plan(document: Mapping[str, Any], file: str) -> Plan:
    listed = document.get("resource_changes") or []
    changes = {change["address"]: change.get("change") or {} for change in listed}
    configuration = document.get("configuration") or {}
    root = configuration.get("root_module") or {}
    found = list(_resources(document["planned_values"]["root_module"], "", root, changes))
    for resource in found:
        _insist_unmasked(resource, changes.get(resource.address, {}), file)
    providers = {
        key: entry.get("expressions") or {}
        for key, entry in (configuration.get("provider_config") or {}).items()
    }
    return Plan(document.get("timestamp") or "", {r.address: r for r in found}, root, providers)


def _document(data: bytes, file: str) -> Mapping[str, Any]:
    if data[:2] == b"PK":
        raise _refused("is a binary plan", file)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise _refused("is not JSON", file) from None
    if not isinstance(document, dict) or "planned_values" not in document:
        raise _refused("is JSON, but not a plan", file)
    version = document.get("format_version")
    if str(version).partition(".")[0] != "1":
        raise _refused(f"has format_version {version}; 1.x is understood", file)
    return document


def _refused(what: str, file: str) -> PlanFileError:
    return PlanFileError(what, where=file, next_step=_MAKE_ONE)


def _resources(
    module: Mapping[str, Any], place: str, config: Mapping[str, Any], changes: Mapping[str, Any]
) -> Iterator[Resource]:
    written = {
        (c["type"], c["name"]): c for c in config.get("resources", ()) if c["mode"] == "managed"
    }
    for entry in module.get("resources", ()):
        if entry["mode"] != "managed":
            continue
        source = written.get((entry["type"], entry["name"]), {})
        yield Resource(
            entry["address"],
            entry["type"],
            entry["name"],
            place,
            source.get("provider_config_key") or entry["type"].partition("_")[0],
            entry.get("values") or {},
            changes.get(entry["address"], {}).get("after_unknown") or {},
            source.get("expressions") or {},
        )
    calls = config.get("module_calls") or {}
    for child in module.get("child_modules", ()):
        name = _INDEX.sub("", child["address"]).rpartition(".")[2]
        inner = calls.get(name, {}).get("module") or {}
        yield from _resources(child, child["address"], inner, changes)


def _insist_unmasked(resource: Resource, change: Mapping[str, Any], file: str) -> None:
    """Refuse a plan in which a tool has put a mask in place of a sensitive value.

    Raises:
        PlanFileError: naming the first such attribute.
    """
    sensitive = change.get("after_sensitive")
    for name in sensitive if isinstance(sensitive, Mapping) else ():
        value = resource.values.get(name)
        if isinstance(value, str) and value in _MASKS:
            raise _refused(f"masks the sensitive value {name} of {resource.address}", file)
