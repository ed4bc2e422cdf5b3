"""What an attribute that is known after apply will point at, by the expression that makes it.

The configuration in a plan lists what each expression refers to. Where these are nothing but
resources of the plan, named by what identifies them, the attribute is taken to be just these.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.terraform.plan import Plan, Resource
from lakewarden.terraform.standins import stand_in
from lakewarden.terraform.values import Unsaid

_INDEX: Final = re.compile(r"\[[^\]]*\]")
_REFERENCE: Final = re.compile(
    r"(?P<type>[a-z]\w*)\.(?P<name>[\w-]+)(?P<index>\[[^\]]*\])?(?:\.(?P<attribute>\w+))?"
)
_OWN_INDEX: Final = frozenset({"each.key", "count.index"})
_ELSEWHERE: Final = frozenset({"data", "each", "local", "path", "self", "terraform"})
_DEEPEST: Final = 20


class References:
    """The references of a plan, followed through modules."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._instances: dict[tuple[str, str, str], list[Resource]] = defaultdict(list)
        for resource in plan.resources.values():
            self._instances[resource.module, resource.type, resource.name].append(resource)

    def of_provider(self, kind: str, provider: str) -> list[Any]:
        """Return what identifies the resources of a type that a provider makes."""
        found = self._plan.resources.values()
        return [stand_in(r) for r in found if r.type == kind and r.provider == provider]

    def pointed_at(self, resource: Resource, path: str) -> tuple[Any, ...]:
        """Return what an attribute of a resource names; nothing when that is not certain."""
        expression: Any = resource.expressions
        for step in path.split("."):
            if isinstance(expression, list):
                expression = expression[0] if len(expression) == 1 else None
            expression = expression.get(step) if isinstance(expression, Mapping) else None
        if not isinstance(expression, Mapping):
            return ()
        return self.follow(expression, resource.module, _index(resource))

    def follow(
        self, expression: Mapping[str, Any], module: str, index: str = "", depth: int = 0
    ) -> tuple[Any, ...]:
        """Return what an expression in a module names; nothing when that is not certain.

        Args:
            expression: as in the configuration of a plan.
            module: the address of the module that it is in.
            index: the index of the instance that it is for, `["a"]`.
            depth: how many modules were passed through.
        """
        references = expression.get("references") or ()
        found: list[Any] = []
        own = bool(_OWN_INDEX & set(references))
        for leaf in _leaves(references):
            if leaf in _OWN_INDEX:
                continue
            named = self._one(leaf, module, index if own else "", depth)
            if not named:
                return ()
            found += named
        return tuple(found)

    def _one(self, reference: str, module: str, index: str, depth: int) -> tuple[Any, ...]:
        match = _REFERENCE.fullmatch(reference)
        if match is None or match["type"] in _ELSEWHERE or depth > _DEEPEST:
            return ()
        if match["type"] == "var":
            return self._variable(match["name"], module, depth)
        if match["type"] == "module":
            return self._output(match, module, depth)
        there = self._instances.get((module, match["type"], match["name"]), [])
        wanted = match["index"] or index
        if wanted:
            there = [resource for resource in there if _index(resource) == wanted]
        if len(there) != 1:
            return ()
        value = stand_in(there[0], match["attribute"] or "")
        return () if isinstance(value, Unsaid) else (value,)

    def _variable(self, name: str, module: str, depth: int) -> tuple[Any, ...]:
        if not module:
            return ()
        parent, call = _parent(module)
        given = _call(self._config(parent), call).get("expressions") or {}
        return self.follow(given.get(name) or {}, parent, _last_index(module), depth + 1)

    def _output(self, match: re.Match[str], module: str, depth: int) -> tuple[Any, ...]:
        child = f"{module}.module.{match['name']}" if module else f"module.{match['name']}"
        config = _call(self._config(module), match["name"]).get("module") or {}
        output = (config.get("outputs") or {}).get(match["attribute"] or "") or {}
        inside = f"{child}{match['index'] or ''}"
        return self.follow(output.get("expression") or {}, inside, depth=depth + 1)

    def _config(self, module: str) -> Mapping[str, Any]:
        config = self._plan.root
        for name in re.findall(r"module\.([\w-]+)", _INDEX.sub("", module)):
            config = _call(config, name).get("module") or {}
        return config


def _call(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (config.get("module_calls") or {}).get(name) or {}
    return found


def _parent(module: str) -> tuple[str, str]:
    """Return the address of the module that calls a module, and the call's name."""
    parent, _, name = module.rpartition("module.")
    return parent.removesuffix("."), _INDEX.sub("", name)


def _index(resource: Resource) -> str:
    return _last_index(resource.address)


def _last_index(address: str) -> str:
    match = re.search(r"\[[^\]]*\]$", address)
    return match[0] if match else ""


def _leaves(references: Iterable[str]) -> list[str]:
    """Return the references that no other one is more precise than."""
    given = list(dict.fromkeys(references))
    return [one for one in given if not any(o.startswith((f"{one}.", f"{one}[")) for o in given)]
