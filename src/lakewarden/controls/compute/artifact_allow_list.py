"""Clusters in standard access mode run code of many people side by side. What a Java library or an
init script does there it does beneath the walls between them, so the metastore keeps a list of what
may be loaded. A list that lets through everything below a root is no list: anybody can write there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect
from lakewarden.controls.kit.control import (
    HIGH,
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
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.account import Workspace
from lakewarden.estate.code import ARTIFACT_ALLOW_LISTS
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish
from lakewarden.semantics.artifacts import is_broad

_TYPES: Final = ("INIT_SCRIPT", "LIBRARY_JAR", "LIBRARY_MAVEN")
_LIST: Final = "/artifact_matchers"

CONTROL = Control(
    id="artifact-allow-list",
    title="The allow lists of libraries and init scripts name places of your own",
    paper=("P35",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=tuple(ARTIFACT_ALLOW_LISTS.need(kind) for kind in _TYPES),
    fix=Fix(
        "Replace entries such as / or s3:// by the volumes and the Maven groups that hold your "
        "own libraries and scripts, and grant nobody but their keepers the right to write there.",
        console="In Catalog Explorer open the metastore, choose Allowed JARs/Init Scripts, and "
        "remove the broad entries.",
        api="PUT /api/2.1/unity-catalog/artifact-allowlists/LIBRARY_JAR "
        '{"artifact_matchers": [{"artifact": "/Volumes/main/platform/jars/", "match_type": '
        '"PREFIX_MATCH"}]}; the call replaces the whole list.',
        terraform="databricks_artifact_allowlist with artifact_type and one artifact_matcher for "
        "each place, match_type PREFIX_MATCH.",
        breaks="Clusters in standard access mode that load libraries or scripts from elsewhere no "
        "longer start with them; every workspace of the metastore shares the list.",
    ),
    maps=(
        *also(
            "lets libraries and scripts onto shared clusters from narrow places alone",
            Relation.SUBSET,
            nist="CM-7(5) CM-11 SR-3",
            soc2="CC6.8",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.7 A.8.19",
            ccm="TVM-02 TVM-05",
        ),
        *also(
            "leaves a stranger's file no way to run with the rights of a whole cluster",
            dasf="DASF-53",
            attack="T1059 T1204",
        ),
        *also("reads the same lists, and judges how wide their entries are", sat="INFO-38"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """No list lets through a whole root, bucket store or domain."""
    return all_of(*(_narrow(workspace, at, kind) for kind in _TYPES))


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Strike the broad entries off each list."""
    for kind in _TYPES:
        matchers = at.estate.need(ARTIFACT_ALLOW_LISTS, kind, workspace).matchers.get()
        if any(is_broad(entry.artifact, kind) for entry in matchers):
            listed = [
                {"artifact": entry.artifact, "match_type": entry.match_type} for entry in matchers
            ]
            target = Target("artifact_allowlist", scope_of(workspace), kind)
            yield Wish(target, kind, {_LIST: listed}, {_LIST: functools.partial(_struck, kind)})


def _struck(kind: str, entries: list[dict[str, str]] | None) -> list[dict[str, str]]:
    return [entry for entry in entries or () if not is_broad(entry["artifact"], kind)]


def _narrow(workspace: Workspace, at: Context, kind: str) -> Condition:
    matchers = at.estate.need(ARTIFACT_ALLOW_LISTS, kind, workspace).matchers
    if matchers.gap is None:
        broad = [entry.artifact for entry in matchers.get() if is_broad(entry.artifact, kind)]
        shown = ", ".join(repr(entry) for entry in broad)
    else:
        broad, shown = [], ""
    return expect(
        matchers,
        lambda _: not broad,
        expected="a volume, a folder of a bucket or a Maven group each",
        otherwise=f"the list {kind} lets through everything below {shown}",
    )


def _lists(**artifacts: list[str]) -> MemorySnapshot:
    return given(
        artifact_allow_lists={
            kind: {"artifact_matchers": [{"artifact": a} for a in artifacts.get(kind, [])]}
            for kind in _TYPES
        }
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    volume, group = ["/Volumes/main/platform/jars/"], ["com.acme:"]
    yield passes("a volume and a group", _lists(LIBRARY_JAR=volume, LIBRARY_MAVEN=group))
    yield passes("nothing may be loaded", _lists())
    yield fails("every path", _lists(INIT_SCRIPT=["/"]))
    yield fails("every bucket beside a volume", _lists(LIBRARY_JAR=[*volume, "s3://"]))
    yield fails("every volume of a catalog", _lists(LIBRARY_JAR=["/Volumes/main/"]))
    yield fails("a bucket, and each whose name goes on", _lists(LIBRARY_JAR=["s3://acme-jars"]))
    yield fails("the folder Shared", _lists(INIT_SCRIPT=["/Workspace/Shared/init/"]))
    yield fails("DBFS, where everybody writes", _lists(LIBRARY_JAR=["dbfs:/FileStore/jars/"]))
    yield fails("a top-level domain", _lists(LIBRARY_MAVEN=["com."]))
    some: dict[str, Any] = {
        "INIT_SCRIPT": {"artifact_matchers": []},
        "LIBRARY_JAR": {"artifact_matchers": []},
    }
    yield unclear("one list was not read", given(artifact_allow_lists=some))
    bare = {kind: {"artifact_matchers": None} for kind in _TYPES}
    yield unclear("the answers lack their lists", given(artifact_allow_lists=bare))
    yield unclear("the lists may not be read", given(artifact_allow_lists=refused()))
