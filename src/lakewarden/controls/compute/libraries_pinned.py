"""A library without a version is whatever its index serves on the day the cluster starts. Whoever
takes over the project's upload rights for an hour is in every cluster that starts in that hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, holds, observe, unknown
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

_EXACT: Final = re.compile(r"[^=<>!~@*]+={2,3}[^=<>!~,*]+")
"""A Python package with one version, such as `name[extra]==1.2.3`."""
_VERSION: Final = re.compile(r"[^:]+:[^:]+(:[^:]+)*:[0-9][^:]*")
"""Maven coordinates that end with a version."""

CONTROL = Control(
    id="libraries-pinned",
    title="The libraries of the cluster have one version each",
    paper=("P35",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(), CLUSTER_LIBRARIES.need()),
    fix=Fix(
        "Install each package with its version, as in lightgbm==4.6.0, and raise versions by a "
        "change that somebody reviews.",
        console="On the Libraries tab of the cluster uninstall the package and install it with "
        "its version.",
        api='POST /api/2.0/libraries/install {"cluster_id": "...", "libraries": [{"pypi": '
        '{"package": "lightgbm==4.6.0"}}]} after uninstalling the other.',
        terraform='databricks_library { pypi { package = "lightgbm==4.6.0" } }.',
        breaks="Nothing stops; the cluster keeps the version until somebody raises it, security "
        "fixes included.",
        no_api="No API tells which version is installed, and which one is wanted is for the people "
        "to say who use the cluster.",
        no_terraform="The resource databricks_library pins the version that it is given, and "
        "nobody has chosen one.",
    ),
    maps=(
        *also(
            "keeps clusters from taking in versions that nobody chose",
            Relation.SUBSET,
            nist="CM-2 CM-11 SR-3",
            soc2="CC6.8 CC8.1",
            pci="6.5",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.5.21 A.8.19 A.8.32",
            ccm="CCC-04 TVM-05",
        ),
        *also(
            "gives whoever takes over a project's uploads no way onto clusters at once",
            dasf="DASF-53",
            attack="T1204",
        ),
    ),
)


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """No Python package and no Maven coordinates leave the version open."""
    return on_cluster(cluster, at, _pinned)


def _pinned(libraries: tuple[Library, ...], fact: Installed) -> Judgement:
    python = [library.pypi.package for library in libraries if library.pypi]
    java = [library.maven.coordinates for library in libraries if library.maven]
    loose = [name for name in python if not _EXACT.fullmatch(name.partition(";")[0].strip())]
    loose += [name for name in java if not _VERSION.fullmatch(name)]
    named = Evidence(fact.source, "packages", [*python, *java], "one version each")
    return all_of(
        observe(not loose, named, otherwise=f"{', '.join(loose)} may be of any version"),
        *(_unseen(library, fact) for library in libraries),
    )


def _unseen(library: Library, fact: Installed) -> Condition:
    """Return what is known of a library that names others in a file, or that tells no version."""
    if library.requirements:
        detail = f"what {library.requirements} lists is not read"
    elif library.cran:
        detail = f"which version of {library.cran.package} its repository has is not read"
    else:
        return holds()
    gap = CLUSTER_LIBRARIES.gap(Cause.NOT_READ, detail)
    return unknown(gap, field=fact.field, expected="one version each")


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    exact = {"pypi": {"package": "lightgbm==4.6.0"}}
    yield passes("a version", cluster_with(exact))
    yield passes(
        "a version with extras", cluster_with({"pypi": {"package": "dask[array]==2026.1"}})
    )
    marked = {"pypi": {"package": "shap==0.48.0; python_version >= '3.11'"}}
    yield passes("a version with a marker", cluster_with(marked))
    yield passes("a Maven version", cluster_with({"maven": {"coordinates": "com.acme:a:1.0"}}))
    yield fails("none", cluster_with(exact, {"pypi": {"package": "shap"}}))
    yield fails("at least one", cluster_with({"pypi": {"package": "shap>=0.4"}}))
    yield fails("a version of any end", cluster_with({"pypi": {"package": "shap==0.*"}}))
    yield fails("no Maven version", cluster_with({"maven": {"coordinates": "com.acme:a"}}))
    yield fails("the latest", cluster_with({"maven": {"coordinates": "com.acme:a:LATEST"}}))
    listed = {"requirements": "/Workspace/Shared/requirements.txt"}
    yield unclear("a file lists them", cluster_with(exact, listed))
    yield unclear("an R package", cluster_with(exact, {"cran": {"package": "forecast"}}))
    yield fails("a file and one without", cluster_with(listed, {"pypi": {"package": "shap"}}))
    cluster = [{"cluster_id": "c1"}]
    yield unclear("libraries may not be read", given(clusters=cluster, cluster_libraries=refused()))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("nothing is installed", given(clusters=cluster, cluster_libraries=[]))
