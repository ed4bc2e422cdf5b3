"""A Git folder is a clone that can be pushed back. One of somebody's own repository carries code,
and the data in its outputs, out of the company with every push; the allow list of the workspace
does not touch clones that were there before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.addresses import inside, names_owner
from lakewarden.controls.kit.code_subjects import GIT_FOLDER
from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect, unknown
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.code import GIT_FOLDERS, GitFolder
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.policy import Policy

_PREFIXES: Final = "projectsAllowList"

CONTROL = Control(
    id="git-folders-on-list",
    title="The Git folder is a clone of one of your own repositories",
    paper=("P19",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=GIT_FOLDER,
    needs=(GIT_FOLDERS.need(), WORKSPACE_CONF.need(_PREFIXES)),
    fix=Fix(
        "Ask its owner what the clone is for, move what is worth keeping into a repository of "
        "yours, and delete the folder.",
        console="Open the Git folder in the workspace browser and move it to the bin.",
        api="DELETE /api/2.0/repos/{repo_id}",
        terraform="databricks_repo with url set to a repository of yours, or without the resource.",
        breaks="Notebooks and jobs that run from the folder stop; what was not pushed is lost.",
        no_api="What was not pushed from the clone is lost with it, so its owner must say what "
        "is worth keeping.",
    ),
    maps=(
        *also(
            "finds clones of repositories that are not yours",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7",
            soc2="CC6.7 CC6.8",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.4 A.8.12",
            ccm="DSP-10 UEM-11",
            dasf="DASF-52",
        ),
        *also(
            "leaves no clone that carries data out, or brings a stranger's code in",
            attack="T1048 T1204",
        ),
    ),
)


@CONTROL.check
def check(folder: GitFolder, at: Context) -> Judgement:
    """Its repository is within git_hosts and within the allow list, as far as there are any."""
    return all_of(lambda: _ours(folder, at), lambda: _listed(folder, at))


def _ours(folder: GitFolder, at: Context) -> Condition:
    hosts = at.policy.git_hosts
    return expect(
        folder.url,
        lambda url: not hosts or inside(url, hosts),
        expected=f"within {', '.join(hosts)}" if hosts else "a repository of yours",
        otherwise="it is a clone of {value}, which is not in git_hosts",
    )


def _listed(folder: GitFolder, at: Context) -> Condition:
    conf = at.estate.conf(at.here, _PREFIXES)
    entries = [entry.strip() for entry in (conf.get() or "").split(",")]
    prefixes = [entry for entry in entries if names_owner(entry)]
    if not prefixes and not at.policy.git_hosts:
        detail = "nobody says which repositories are yours: set access.git_hosts in lakewarden.toml"
        return unknown(WORKSPACE_CONF.unset(_PREFIXES, detail), expected="a list of repositories")
    return expect(
        folder.url,
        lambda url: not prefixes or inside(url, prefixes),
        expected=f"within {', '.join(prefixes) or 'git_hosts'}",
        otherwise="it is a clone of {value}, which is not on the workspace's allow list",
    )


def _folder(url: str | None, prefixes: str | None = None) -> MemorySnapshot:
    folder: dict[str, Any] = {"id": 5, "path": "/Repos/ann/lake", "url": url}
    return given(git_folders=[folder], workspace_conf={_PREFIXES: prefixes})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    acme, lake = "https://github.com/acme/", "https://github.com/acme/lake.git"
    ours = Policy(git_hosts=(acme,))
    yield passes("within git_hosts", _folder(lake), ours)
    yield passes("within the allow list", _folder(lake, acme))
    yield passes("within both", _folder(lake, f"https://git.example.com/,{acme}"), ours)
    yield fails("elsewhere", _folder("https://github.com/ann-at-home/lake"), ours)
    yield fails("an organisation of a like name", _folder("https://github.com/acme-evil/a"), ours)
    yield fails("there before the allow list", _folder(lake, "https://git.example.com/data/"), ours)
    yield unclear("nobody says what is yours", _folder(lake))
    yield unclear("the list names a whole host", _folder(lake, "https://github.com/"))
    yield unclear("its repository is missing from the answer", _folder(None), ours)
    blind: dict[str, Any] = {"git_folders": [{"id": 5, "url": lake}], "workspace_conf": refused()}
    yield unclear("the allow list may not be read", given(**blind), ours)
    denied = given(git_folders=refused(), workspace_conf={_PREFIXES: None})
    yield unclear("Git folders may not be listed", denied, ours)
    yield exempt("there are none", given(git_folders=[], workspace_conf={_PREFIXES: None}), ours)
