"""AWS instance families that run on the Xen hypervisor, from a dated data file."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files


@functools.cache
def _xen_families() -> frozenset[str]:
    data = files(__package__).joinpath("data", "instance_families.toml").read_text("utf-8")
    return frozenset(tomllib.loads(data)["xen"])


def family_of(instance_type: str) -> str:
    """Return the family of an instance type: `i3` for `i3.xlarge`."""
    return instance_type.split(".", 1)[0]


def runs_on_xen(instance_type: str) -> bool:
    """Return whether an instance type is known to run on Xen, so not on Nitro.

    Bare metal has no hypervisor and is built on Nitro, whatever its family.
    """
    return family_of(instance_type) in _xen_families() and not instance_type.endswith(".metal")
