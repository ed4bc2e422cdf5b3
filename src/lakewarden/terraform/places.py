"""Where a resource lives: in which workspace, or in the account as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from lakewarden.terraform.entries import Source
from lakewarden.terraform.plan import Plan, Resource
from lakewarden.terraform.references import References
from lakewarden.terraform.standins import number, stand_in

_WORKSPACE: Final = "databricks_mws_workspaces"


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace that resources live in.

    Attributes:
        id: its id, a stand-in where the plan does not know it.
        name: what to call it, empty where the plan has it as a resource.
    """

    id: int
    name: str = ""


class Places:
    """The workspaces that a plan speaks of, by the providers of its resources."""

    def __init__(self, plan: Plan, references: References) -> None:
        self._plan = plan
        self._references = references
        self._managed = {
            stand_in(resource)
            for resource in plan.resources.values()
            if resource.type == _WORKSPACE
        }

    def of(self, resource: Resource) -> Place | None:
        """Return the workspace that a resource lives in, None for the account."""
        chosen = Source(resource, self._references).one("provider_config.workspace_id")
        if isinstance(chosen, int | str) and str(chosen).lstrip("-").isdigit():
            return self._place(int(chosen))
        expressions = self._plan.providers.get(resource.provider) or {}
        host = expressions.get("host") or {}
        address = host.get("constant_value")
        if isinstance(address, str):
            return self._at(address)
        named = self._references.follow(host, "")
        if len(named) == 1 and isinstance(named[0], int):
            return self._place(named[0])
        if len(named) == 1 and str(named[0]).isdigit():
            return self._place(int(named[0]))
        if "account_id" in expressions and not host:
            return None
        return Place(number(resource.provider), f"workspace of provider {resource.provider}")

    def _at(self, address: str) -> Place | None:
        name = urlsplit(address if "://" in address else f"https://{address}").hostname or address
        if name.startswith(("accounts.", "accounts-")):
            return None
        return Place(number(name), name)

    def _place(self, identity: int) -> Place:
        return Place(identity, "" if identity in self._managed else f"workspace {identity}")


def account_of(plan: Plan) -> str:
    """Return the id of the Databricks account that a plan names, empty for none or several."""
    named = [_constant(expressions) for expressions in plan.providers.values()]
    named += [
        resource.values.get("account_id")
        for resource in plan.resources.values()
        if resource.type.startswith("databricks_mws_")
    ]
    known = {name for name in named if isinstance(name, str) and name}
    return known.pop() if len(known) == 1 else ""


def _constant(expressions: Mapping[str, Any]) -> Any:
    return (expressions.get("account_id") or {}).get("constant_value")
