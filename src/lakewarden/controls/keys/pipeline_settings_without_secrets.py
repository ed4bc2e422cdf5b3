"""A pipeline's configuration is shown to everybody who may view the pipeline and is handed to all
of its code. A storage key or database password written there is read by people who only wanted to
see whether last night's tables were loaded.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.withheld import PIPELINE, moved_to_scope, no_secret
from lakewarden.estate.given import given, refused
from lakewarden.estate.secrets import PIPELINE_SETTINGS, PipelineSettings
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.semantics.secret_shapes import withhold

CONTROL = Control(
    id="pipeline-settings-without-secrets",
    title="The pipeline's configuration and clusters hold no credential in the clear",
    paper=("P36",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=PIPELINE,
    needs=(PIPELINE_SETTINGS.need(),),
    fix=moved_to_scope(
        "the pipeline",
        "PUT /api/2.0/pipelines/{pipeline_id} with the reference in configuration",
        "configuration of databricks_pipeline with the reference",
        "Updates of the pipeline fail between revoking the old credential and the next edit.",
    ),
    maps=also(
        "finds credentials that everybody who may see the pipeline can read",
        Relation.SUBSET,
        nist="IA-5 IA-5(6) SC-28",
        soc2="CC6.1",
        pci="8.3.2 8.6",
        hipaa="164.308(a)(5)(ii)(D)",
        iso="A.5.17 A.8.9 A.8.12",
        ccm="IAM-14 DSP-17",
        dasf="DASF-33",
        attack="T1552 T1552.001 T1078.004",
    ),
)


@CONTROL.check
def check(pipeline: PipelineSettings, _: Context) -> Judgement:
    """Nothing in the pipeline's specification looks like a credential."""
    return no_secret(pipeline.withheld)


def _pipeline(name: str = "", value: str = "") -> MemorySnapshot:
    kept = {f"configuration.{name}": withhold(name, value)} if name else {}
    return given(pipeline_settings=[{"pipeline_id": "p", "name": "orders", "withheld": kept}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("nothing but ordinary settings", _pipeline())
    yield passes("a reference", _pipeline("db.password", "{{secrets/lake/password}}"))
    yield fails("a password", _pipeline("db.password", "Winter-of-21"))
    yield fails("a login within a URL", _pipeline("source", "postgresql://app:hunter2@db/x"))
    silent = [{"pipeline_id": "p", "name": "orders"}]
    yield unclear("its specification may not be read", given(pipeline_settings=silent))
    yield unclear("pipelines may not be listed", given(pipeline_settings=refused()))
    yield exempt("there are no pipelines", given(pipeline_settings=[]))
