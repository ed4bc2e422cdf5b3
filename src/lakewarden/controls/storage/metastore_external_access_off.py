"""With external data access on, engines outside Databricks get brief credentials for the files
of tables, and read them past row filters, column masks and clusters that you watch. Until somebody
needs that, it is one more way out.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement, expect
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
from lakewarden.controls.kit.unity_subjects import METASTORE
from lakewarden.controls.kit.unity_wishes import metastore_wish
from lakewarden.estate.given import given, refused
from lakewarden.estate.unity import METASTORES, Metastore
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="metastore-external-access-off",
    title="Engines outside Databricks get no credentials for the metastore's data",
    paper=("P22",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=METASTORE,
    needs=(METASTORES.need(),),
    fix=Fix(
        "Switch external data access of the metastore off, unless an engine outside needs it.",
        console="Catalog Explorer, the metastore, Details, External data access: off.",
        api='PUT /api/2.0/accounts/{account_id}/metastores/{id} {"metastore_info": '
        '{"external_access_enabled": false}}',
        terraform="databricks_metastore with external_access_enabled = false.",
        breaks="Engines that read tables through the Iceberg or Unity REST API are refused.",
    ),
    maps=(
        *also(
            "gives engines outside no credentials that lead past filters and masks",
            Relation.SUBSET,
            nist="AC-3 AC-4 AC-20 CM-7",
            soc2="CC6.1 CC6.7",
            hipaa="164.312(a)(1)",
            iso="A.8.3 A.8.12",
            ccm="DSP-17 IAM-16",
        ),
        *also(
            "takes away one more way to the files of tables, and out with them",
            pci="7.2.6",
            dasf="DASF-5",
            attack="T1048 T1530",
        ),
    ),
)


@CONTROL.check
def check(metastore: Metastore, _: Context) -> Judgement:
    """The switch is off."""
    return expect(
        metastore.external_access,
        lambda value: not value,
        expected="false",
        otherwise="engines outside Databricks can be given credentials for its data",
    )


@CONTROL.mends
def mend(metastore: Metastore, _: Context) -> Iterable[Wish]:
    """Switch it off."""
    yield metastore_wish(metastore, metastore.external_access, wanted=False)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    for state, example in ((False, passes), (True, fails), (None, unclear)):
        metastore = {"metastore_id": "m1", "external_access_enabled": state}
        yield example(f"the switch is {state}", given(metastores=[metastore]))
    yield unclear("metastores may not be read", given(metastores=refused()))
