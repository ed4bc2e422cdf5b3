"""The parameters of a job and the environment of its clusters are shown to everybody who may view
the job, and are kept with every past run. A password given to a task as a parameter is published to
a whole team, and stays readable long after somebody takes it out of the job.
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
from lakewarden.controls.kit.withheld import JOB, moved_to_scope, no_secret
from lakewarden.estate.given import given, refused
from lakewarden.estate.secrets import JOB_SETTINGS, JobSettings
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.semantics.secret_shapes import withhold

CONTROL = Control(
    id="job-settings-without-secrets",
    title="The job's parameters and clusters hold no credential in the clear",
    paper=("P36",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=JOB,
    needs=(JOB_SETTINGS.need(),),
    fix=moved_to_scope(
        "the job",
        "POST /api/2.2/jobs/update with the reference in the cluster's spark_conf or "
        "spark_env_vars; a notebook reads it with dbutils.secrets.get instead of a parameter",
        "spark_env_vars of the job cluster in databricks_job with the reference",
        "Runs fail from the moment the old credential is revoked until the job has the new one.",
    ),
    maps=also(
        "finds credentials that everybody who may see the job or its runs can read",
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
def check(job: JobSettings, _: Context) -> Judgement:
    """Nothing in the job's settings looks like a credential."""
    return no_secret(job.withheld)


def _job(name: str = "", value: str = "") -> MemorySnapshot:
    kept = {f"tasks[load].base_parameters.{name}": withhold(name, value)} if name else {}
    return given(job_settings=[{"job_id": 1, "settings": {"name": "load"}, "withheld": kept}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("nothing but ordinary settings", _job())
    yield passes("a reference", _job("password", "{{secrets/lake/password}}"))
    yield fails("a password as a parameter", _job("password", "Winter-of-21"))
    yield fails("a token under a harmless name", _job("note", "dapi" + "0" * 32))
    silent = [{"job_id": 1, "settings": {"name": "load"}}]
    yield unclear("the tasks were not answered", given(job_settings=silent))
    yield unclear("jobs may not be listed", given(job_settings=refused()))
    yield exempt("there are no jobs", given(job_settings=[]))
