"""All kinds, those first on which others stand."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from graphlib import TopologicalSorter

from lakewarden.assets.kind import Kind


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Return the kinds by name: every module under `kinds` has some.

    They come in an order in which each stands after those that it refers to; among equals, by name.
    """
    found = _declared()
    graph = {name: found[name].needs for name in sorted(found)}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ordered: dict[str, Kind] = {}
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered |= {name: found[name] for name in ready}
        sorter.done(*ready)
    return ordered


def _declared() -> dict[str, Kind]:
    package = importlib.import_module("lakewarden.assets.kinds")
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for kind in importlib.import_module(module.name).KINDS:
            found[kind.name] = kind
    return found
