"""A Git folder can clone from and push to any repository on the internet. A push to somebody's own
repository carries notebooks and what they hold out of the company in a commit, and a clone of a
poisoned one brings code in that runs with the rights of whoever opens it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from lakewarden.controls.kit.addresses import inside, names_owner
from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect, observe
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import conf_wish
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

_SWITCH: Final = "enableProjectsAllowList"
_MODE: Final = "projectsAllowListPermissions"
_PREFIXES: Final = "projectsAllowList"
_STRICT: Final = "ALLOWLISTED_CLONE_COMMIT_PUSH"

CONTROL = Control(
    id="git-allow-list",
    title="Git folders clone from and push to your own repositories only",
    paper=("P19",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=tuple(WORKSPACE_CONF.need(key) for key in (_SWITCH, _MODE, _PREFIXES)),
    fix=Fix(
        "In workspace-conf set projectsAllowList to the URL prefixes of your "
        "organisation, projectsAllowListPermissions to ALLOWLISTED_CLONE_COMMIT_PUSH, and "
        "enableProjectsAllowList to true.",
        console="Admin settings, Development, Git URL allow list: restrict clone, commit and push, "
        "and enter the prefixes.",
        api='PATCH /api/2.0/workspace-conf {"enableProjectsAllowList": "true", '
        '"projectsAllowList": '
        '"https://github.com/acme/", "projectsAllowListPermissions": '
        '"ALLOWLISTED_CLONE_COMMIT_PUSH"}',
        terraform="databricks_workspace_conf with the three keys in custom_config.",
        breaks="People can no longer clone or push to other repositories, public samples included; "
        "clones that are there stay.",
    ),
    maps=(
        *also(
            "keeps clones and pushes within repositories that you named",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7 SC-7(5)",
            soc2="CC6.7 CC6.8",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.4 A.8.12",
            ccm="DSP-10 UEM-11",
            dasf="DASF-52",
        ),
        *also(
            "bars pushes to a stranger's repository, and clones of a poisoned one",
            attack="T1048 T1204",
        ),
        *also(
            "reads the same switch, and judges what is on the list",
            Relation.SUPERSET,
            sat="INFO-42",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The list is on, covers cloning and pushing, and names nothing wider than an organisation."""
    return all_of(
        expect(
            at.estate.conf(workspace, _SWITCH),
            lambda value: value == "true",
            expected="true",
            otherwise="the allow list of repositories is off, so any repository will do",
        ),
        expect(
            at.estate.conf(workspace, _MODE),
            lambda value: value == _STRICT,
            expected=_STRICT,
            otherwise="the allow list is not set to cover both cloning and pushing",
        ),
        lambda: _specific(workspace, at),
    )


def _specific(workspace: Workspace, at: Context) -> Condition:
    fact = at.estate.conf(workspace, _PREFIXES)
    prefixes = [entry.strip() for entry in (fact.get() or "").split(",") if entry.strip()]
    foreign = [entry for entry in prefixes if not _ours(entry, at.policy.git_hosts)]
    wide = [entry for entry in prefixes if not names_owner(entry)]
    shown = Evidence(fact.source, fact.field, prefixes, "URL prefixes of your organisation")
    return all_of(
        observe(bool(prefixes), shown, otherwise="the allow list is empty"),
        observe(not wide, shown, otherwise=f"{', '.join(wide)} covers everybody on that host"),
        observe(not foreign, shown, otherwise=f"{', '.join(foreign)} is not in git_hosts"),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Leave what is narrow and yours on the list, make it strict, and then switch it on."""
    listed = (at.estate.conf(workspace, _PREFIXES).get() or "").split(",")
    entries, hosts = [entry.strip() for entry in listed if entry.strip()], at.policy.git_hosts
    kept = [entry for entry in entries if names_owner(entry) and _ours(entry, hosts)]
    dropped = [entry for entry in entries if entry not in kept]
    for host in filter(names_owner, hosts):
        if not inside(host, kept) and (not kept or inside(host, dropped)):
            kept.append(host)
    if not kept:
        raise CannotPlanError(
            "nobody says which repositories are yours: name your organisations at Git hosts in "
            "access.git_hosts of lakewarden.toml"
        )
    named = conf_wish(workspace, at, _PREFIXES, ",".join(kept))
    mode = conf_wish(workspace, at, _MODE, _STRICT)
    yield from (named, mode)
    switch = conf_wish(workspace, at, _SWITCH, "true")
    yield replace(switch, follows=(named.target, mode.target))


def _ours(prefix: str, hosts: tuple[str, ...]) -> bool:
    """Return whether a URL prefix lies within one of the allowed prefixes, if there are any."""
    return not hosts or inside(prefix, hosts)


_ACME: Final = "https://github.com/acme"


def _conf(prefixes: str | None = _ACME, **changes: Any) -> MemorySnapshot:
    conf = {_SWITCH: "true", _MODE: _STRICT, _PREFIXES: prefixes}
    return given(workspace_conf={**conf, **changes})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    ours = Policy(git_hosts=("https://github.com/acme/",))
    yield passes("one organisation", _conf())
    yield passes("a repository of the organisation in git_hosts", _conf(f"{_ACME}/lake"), ours)
    yield fails("an organisation of a like name", _conf(f"{_ACME}-evil"), ours)
    yield fails("a whole host beside an organisation", _conf(f"{_ACME},https://github.com/"))
    yield fails("a host without a scheme", _conf("github.com"))
    yield fails("an empty list", _conf(" , "))
    yield fails("no list", _conf(None))
    yield fails("no list, and git_hosts has an organisation", _conf(None), ours)
    yield fails("never switched on", _conf(**{_SWITCH: None}))
    yield fails("cloning is free", _conf(**{_MODE: "ALLOWLISTED_COMMIT_PUSH"}))
    some = given(workspace_conf={_SWITCH: "true", _MODE: _STRICT})
    yield unclear("the list itself was not read", some)
    yield fails("off, whatever was not read", given(workspace_conf={_SWITCH: "false"}))
    yield unclear("workspace-conf may not be read", given(workspace_conf=refused()))
