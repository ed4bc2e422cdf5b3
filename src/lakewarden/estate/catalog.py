"""Every kind of collection by name."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.estate import (
    access,
    account,
    activity,
    authority,
    aws,
    buckets,
    code,
    compute,
    costs,
    dbfs,
    firewall,
    firewall_rules,
    machines,
    oversight,
    people,
    perimeter,
    recovery,
    region,
    resolving,
    rights,
    secrets,
    storage,
    transit,
    unity,
    vpc,
    workloads,
)
from lakewarden.estate.kind import Kind, Need

_MODULES: Final = (
    *(account, people, access, compute, storage, secrets, aws, activity),
    *(buckets, code, costs, dbfs, firewall, machines, perimeter, recovery, unity, vpc, workloads),
    *(oversight, rights, authority, firewall_rules, region, resolving, transit),
)


def _kinds() -> dict[str, Kind[Any]]:
    found: dict[str, Kind[Any]] = {}
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, Kind):
                found[value.name] = value
    return found


KINDS: Final = _kinds()


def closure(needs: set[Need]) -> set[Need]:
    """Return the needs with all that must be read before them.

    Every estate starts with its workspaces, so those are always among the needs.
    """
    wanted = {*needs, account.WORKSPACES.need()}
    queue = list(wanted)
    while queue:
        for name in KINDS[queue.pop().kind].after:
            need = Need(name)
            if need not in wanted:
                wanted.add(need)
                queue.append(need)
    return wanted
