"""A library runs with the rights of everybody who uses the cluster. One that comes from somebody
else's repository, or from a folder where every user can write, is a stranger's code, today or after
the next restart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lakewarden.controls.kit.addresses import in_dbfs, in_shared, inside
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    holds,
    observe,
    unknown,
)
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.installed import Installed, cluster_with, on_cluster
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.estate.code import CLUSTER_LIBRARIES, Library
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="library-sources",
    title="The libraries of the cluster come from your own repositories",
    paper=("P35",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(), CLUSTER_LIBRARIES.need()),
    fix=Fix(
        "Move the library into your own repository or a Unity Catalog volume and install it from "
        "there; list your repositories in libraries.repositories of lakewarden.toml.",
        console="On the Libraries tab of the cluster uninstall the library and install it anew.",
        api='POST /api/2.0/libraries/uninstall {"cluster_id": "...", "libraries": [{"pypi": '
        '{"package": "...", "repo": "..."}}]}, then POST /api/2.0/libraries/install.',
        terraform="databricks_library with repo left out or set to your own; or libraries of "
        "databricks_cluster_policy.",
        breaks="Notebooks and jobs on the cluster miss the library until it is installed anew.",
        no_api="The library must be looked at and put into a repository of your own before "
        "clusters can have it from there.",
        no_terraform="The resource databricks_library installs from where it is told, and the "
        "library is not in a place of your own yet.",
    ),
    maps=(
        *also(
            "refuses libraries from places that strangers or all users can fill",
            Relation.SUBSET,
            nist="CM-7(5) CM-11 SR-3",
            soc2="CC6.8",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.5.21 A.8.7 A.8.19",
            ccm="TVM-02 TVM-05",
        ),
        *also(
            "keeps a stranger's code from running with the rights of a cluster's users",
            dasf="DASF-53",
            attack="T1059 T1204",
        ),
    ),
)


_URL: Final = re.compile(r"(?:[a-z]+\+)?([a-z0-9]+://[^\s;#]+)", re.IGNORECASE)
_BUCKETS: Final = ("s3:", "s3a:", "s3n:")
_WANTED: Final = "your repositories, volumes or folders"


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """No library names a repository that is not listed, or a place in DBFS."""
    return on_cluster(cluster, at, lambda libraries, fact: _judge(libraries, fact, at.policy))


def _judge(libraries: tuple[Library, ...], fact: Installed, policy: Policy) -> Judgement:
    sources = sorted({source for library in libraries for source in _sources(library)})
    writable = [s for s in sources if in_dbfs(s)]
    elsewhere = [s for s in sources if not in_dbfs(s) and not inside(s, policy.repositories)]
    foreign = [s for s in elsewhere if "://" in s and not s.lower().startswith(_BUCKETS)]
    shown = Evidence(fact.source, "sources", sources, _WANTED)
    return all_of(
        observe(
            not foreign,
            shown,
            otherwise=f"libraries come from {', '.join(foreign)}, which is not in "
            "libraries.repositories",
        ),
        observe(
            not writable,
            shown,
            otherwise=f"every user can replace {', '.join(writable)}",
        ),
        *(_open(source, fact) for source in elsewhere),
        *(_unseen(library, fact) for library in libraries if library.requirements),
    )


def _sources(library: Library) -> Iterator[str]:
    """Yield what a library names as its source, be it in place of the name of a package."""
    yield from library.sources
    for part in (library.pypi, library.cran):
        name = part.package.strip() if part else ""
        yield from _URL.findall(name)
        if name.startswith("/"):
            yield name


def _open(source: str, fact: Installed) -> Condition:
    """Return what is known of a place that may be another's, or that others may write to."""
    if source.lower().startswith(_BUCKETS):
        detail = f"whose bucket {source} is: list it in libraries.repositories if it is yours"
    elif in_shared(source):
        detail = f"who may change {source}: by default every user may"
    else:
        return holds()
    gap = CLUSTER_LIBRARIES.gap(Cause.NOT_READ, detail)
    return unknown(gap, field=fact.field, expected=_WANTED)


def _unseen(library: Library, fact: Installed) -> Condition:
    detail = f"what {library.requirements} lists is not read"
    gap = CLUSTER_LIBRARIES.gap(Cause.NOT_READ, detail)
    return unknown(gap, field=fact.field, expected=_WANTED)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    ours = Policy(repositories=("https://packages.example.com/",))
    own = {"package": "loader", "repo": "https://packages.example.com/simple"}
    yield passes("your own index", cluster_with({"pypi": own}), ours)
    yield passes("the default index", cluster_with({"pypi": {"package": "loader"}}))
    yield passes("a volume", cluster_with({"whl": "/Volumes/main/platform/wheels/a-1-any.whl"}))
    yield fails("an index that nobody listed", cluster_with({"pypi": own}))
    like = {"package": "loader", "repo": "https://packages.example.com.evil.example/simple"}
    yield fails("an index of a like name", cluster_with({"pypi": like}), ours)
    maven = {"coordinates": "com.acme:loader:1.0", "repo": "http://maven.example.org"}
    yield fails("a Maven repository", cluster_with({"pypi": own}, {"maven": maven}), ours)
    yield fails("a wheel from the web", cluster_with({"whl": "https://example.org/a-1-any.whl"}))
    for name in ("git+https://git.example.org/a.git", "a @ https://example.org/a.whl"):
        yield fails(f"{name} for a package", cluster_with({"pypi": {"package": name}}), ours)
    at_home = {"package": "git+https://packages.example.com/a.git@v1"}
    yield passes("your own address for a package", cluster_with({"pypi": at_home}), ours)
    local = {"package": "/dbfs/FileStore/a.whl"}
    yield fails("a file in DBFS for a package", cluster_with({"pypi": local}), ours)
    yield fails("a file in DBFS by its mount", cluster_with({"jar": "file:/dbfs/jars/a.jar"}), ours)
    bucket = cluster_with({"jar": "s3://acme-jars/a.jar"})
    yield unclear("a bucket of nobody knows whom", bucket)
    yield passes("a bucket of yours", bucket, Policy(repositories=("s3://acme-jars/",)))
    yield unclear("the folder Shared", cluster_with({"whl": "/Workspace/Shared/a-1-any.whl"}))
    yield unclear("a file lists them", cluster_with({"requirements": "/Volumes/m/p/v/req.txt"}))
    yield fails("a file in DBFS", cluster_with({"jar": "dbfs:/FileStore/jars/a.jar"}), ours)
    yield unclear("a library of a new kind", cluster_with({"conda": {"package": "loader"}}))
    cluster = [{"cluster_id": "c1"}]
    bare = given(clusters=cluster, cluster_libraries=[{"cluster_id": "c1"}])
    yield unclear("the libraries are missing from the answer", bare)
    yield unclear("libraries may not be read", given(clusters=cluster, cluster_libraries=refused()))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("nothing is installed", given(clusters=cluster, cluster_libraries=[]))
    yield exempt("nothing is left", cluster_with())
