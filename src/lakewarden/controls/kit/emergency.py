"""Accounts for emergencies: the users and groups that the policy file names."""

from __future__ import annotations

from lakewarden.controls.kit.admins import named_groups, people
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.policyfile.policy import Policy


def emergency_users(estate: Estate, policy: Policy) -> frozenset[str]:
    """Return the names of the users for emergencies in lower case, members of groups included.

    Raises:
        UnreadError: it is not certain who is in the groups.
    """
    if not policy.break_glass:
        return frozenset()
    holders, groups = named_groups(estate, policy.break_glass)
    names, gap = people(estate, holders)
    if gap is not None:
        raise UnreadError(gap)
    single = set(policy.break_glass) - groups
    return frozenset(name.lower() for name in {*names.values(), *single})
