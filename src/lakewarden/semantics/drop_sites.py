"""Public sites that carry data out for anybody, from a dated data file."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files


@functools.cache
def _sites() -> Mapping[str, str]:
    data = files(__package__).joinpath("data", "drop_sites.toml").read_text("utf-8")
    kinds = tomllib.loads(data)["sites"]
    return {domain: kind for kind, domains in kinds.items() for domain in domains}


def drop_site(domain: str) -> str:
    """Return what kind of drop site a domain is or belongs to, in words; empty when it is none."""
    labels = domain.lower().rstrip(".").split(".")
    parents = (".".join(labels[n:]) for n in range(len(labels)))
    return next((_sites()[parent] for parent in parents if parent in _sites()), "")
