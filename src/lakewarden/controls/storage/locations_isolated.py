"""An isolated catalog keeps its tables in a bucket, and an open location over the same folder lets
every workspace read the files beneath the tables. The isolation is worth no more than that of
the location and of the credential that opens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from lakewarden.controls.kit.beneath import bound_like, catalogs_in
from lakewarden.controls.kit.condition import Condition, Judgement, NotApplicable, all_of, expect
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
from lakewarden.controls.kit.isolating import isolation
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.unity_examples import governed
from lakewarden.controls.kit.unity_subjects import LOCATION, Shown
from lakewarden.estate.fact import Fact
from lakewarden.estate.given import WORKSPACE_ID, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, ExternalLocation
from lakewarden.estate.unity import (
    CATALOG_BINDINGS,
    CATALOGS,
    METASTORE_ASSIGNMENTS,
    STORAGE_CREDENTIALS,
)
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="locations-isolated",
    title="Locations and credentials beneath isolated catalogs are isolated too",
    paper=("P22",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=LOCATION,
    needs=(
        METASTORE_ASSIGNMENTS.need(),
        EXTERNAL_LOCATIONS.need(),
        STORAGE_CREDENTIALS.need(),
        CATALOGS.need(),
    ),
    fix=Fix(
        "Isolate the external location and its storage credential, and bind both to the "
        "workspaces that the catalog is bound to.",
        console="Catalog Explorer, External data, the location, Workspaces: assign to workspaces.",
        api="PATCH /api/2.1/unity-catalog/external-locations/{name} "
        '{"isolation_mode": "ISOLATION_MODE_ISOLATED"}, likewise for storage-credentials.',
        terraform="databricks_external_location and databricks_storage_credential with "
        'isolation_mode = "ISOLATION_MODE_ISOLATED".',
        breaks="Workspaces that are not bound can no longer read files there by path.",
    ),
    maps=(
        *also(
            "keeps files beneath isolated catalogs from workspaces that those shut out",
            Relation.SUBSET,
            nist="AC-3 AC-4 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.3.2",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IVS-06",
        ),
        *also(
            "closes the way around a catalog's isolation, by path or by credential",
            cis_databricks="2.1.5",
            iso="A.8.31",
            dasf="DASF-5",
            attack="T1530",
        ),
    ),
    plans_with=(CATALOG_BINDINGS.need(),),
)

_ISOLATED: Final = "ISOLATION_MODE_ISOLATED"


@CONTROL.check
def check(shown: Shown[ExternalLocation], at: Context) -> Judgement:
    """It is isolated, and so is its credential, if an isolated catalog lies there."""
    location = shown.record
    above = catalogs_in(shown, at)
    if not above:
        return NotApplicable("no isolated catalog keeps its tables there")
    names = ", ".join(above)
    return all_of(
        _isolated(location.isolation, f"the files beneath {names} are open to every workspace"),
        lambda: _isolated(
            at.estate.need(
                STORAGE_CREDENTIALS, location.credential.get(), shown.workspace
            ).isolation,
            f"every workspace can use the credential {location.credential.get()} beneath {names}",
        ),
    )


def _isolated(mode: Fact[str], otherwise: str) -> Condition:
    return expect(mode, lambda v: v == _ISOLATED, expected=_ISOLATED, otherwise=otherwise)


@CONTROL.mends
def mend(shown: Shown[ExternalLocation], at: Context) -> Iterable[Wish | Step]:
    """Isolate it and its credential, for the workspaces of the catalogs beneath which they lie."""
    location, here = shown.record, shown.workspace
    mode = location.isolation.get()
    if mode != _ISOLATED:
        wanted = bound_like(catalogs_in(shown, at), shown, at)
        thing = ("external_location", location.name)
        yield from isolation(thing, (mode, _ISOLATED), {}, wanted, here)
    name = location.credential.get()
    mode = at.estate.need(STORAGE_CREDENTIALS, name, here).isolation.get()
    if mode != _ISOLATED:
        yield from _credential(name, mode, shown, at)


def _credential(
    name: str, mode: str, shown: Shown[ExternalLocation], at: Context
) -> Iterator[Wish | Step]:
    """Isolate a credential for the catalogs above all its locations, or have those parted."""
    locations = at.estate.of(EXTERNAL_LOCATIONS, shown.workspace).each()
    served = {one.name: one for one in locations if one.credential.get() == name}
    above = {n: catalogs_in(Shown(one, shown.workspace), at) for n, one in served.items()}
    open_to_all = [n for n in sorted(above) if not above[n]]
    if open_to_all:
        yield Step(
            f"Give {shown.record.name} a storage credential of its own, isolated and bound like "
            f"the catalogs beneath which it lies: {name} opens {', '.join(open_to_all)} as well, "
            "which other workspaces may need.",
            f"`lakewarden assess --control {CONTROL.id}` passes",
        )
        return
    wanted = bound_like({c for names in above.values() for c in names}, shown, at)
    thing = ("storage_credential", name)
    yield from isolation(thing, (mode, _ISOLATED), {}, wanted, shown.workspace)


def _estate(location: str | None, credential: Any, catalog: Any = "ISOLATED") -> MemorySnapshot:
    root = "s3://b/lake/payroll"
    row = {"name": "payroll", "isolation_mode": catalog, "storage_root": root}
    place = {"name": "lake", "url": "s3://b/lake/", "credential_name": "key"}
    key = [{"name": "key", "isolation_mode": credential}]
    bound = [{"name": n, "bindings": [{"workspace_id": WORKSPACE_ID}]} for n in ("payroll", "hr")]
    return governed(
        catalog_bindings=bound,
        catalogs=[row] if isinstance(catalog, str) else catalog,
        external_locations=[{**place, "isolation_mode": location}],
        storage_credentials=key if isinstance(credential, str) else credential,
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("both are isolated", _estate(_ISOLATED, _ISOLATED))
    yield fails("the location is open", _estate("ISOLATION_MODE_OPEN", _ISOLATED))
    yield fails("the credential is open", _estate(_ISOLATED, "ISOLATION_MODE_OPEN"))
    other = [{"name": "hr", "isolation_mode": "ISOLATED", "storage_root": "s3a://b/lake/hr"}]
    yield fails("S3 by another scheme", _estate("ISOLATION_MODE_OPEN", _ISOLATED, other))
    yield fails("open, whatever the credential is", _estate("ISOLATION_MODE_OPEN", refused()))
    yield exempt("the catalog is open", _estate("ISOLATION_MODE_OPEN", _ISOLATED, "OPEN"))
    beside = [{"name": "hr", "isolation_mode": "ISOLATED", "storage_root": "s3://b/lake-hr"}]
    yield exempt("the catalog lies elsewhere", _estate("ISOLATION_MODE_OPEN", _ISOLATED, beside))
    yield unclear("the credential may not be read", _estate(_ISOLATED, refused()))
    yield unclear("the mode is missing", _estate(None, _ISOLATED))
    yield unclear("catalogs may not be read", _estate(_ISOLATED, _ISOLATED, refused()))
    nowhere = refused()
    yield unclear(
        "the metastore is not known",
        governed(
            catalogs=[],
            external_locations=[],
            storage_credentials=[],
            metastore_assignments=nowhere,
        ),
    )
    yield unclear(
        "locations may not be read",
        governed(catalogs=[], external_locations=refused(), storage_credentials=[]),
    )
