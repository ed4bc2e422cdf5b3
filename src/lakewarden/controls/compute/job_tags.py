"""Jobs make most of the bill. The tags of a job go on to the clusters that it makes, so a job
without them runs up costs that nobody owns, and a miner that somebody scheduled looks like any
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, exempt, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import JOB
from lakewarden.controls.kit.tags import WANTED, carries, examples_of, missing_tags
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.compute import JOBS, Job
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="job-tags",
    title="The job carries the tags that the organisation asks for",
    paper=("P37",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=JOB,
    needs=(JOBS.need(),),
    fix=Fix(
        "Give the job the missing tags in the bundle or Terraform code that deploys it; they go on "
        "to the clusters that it makes.",
        console="Open the job and add the tags under Job details.",
        api='POST /api/2.2/jobs/update {"job_id": 7, "new_settings": {"tags": {"CostCenter": '
        '"..."}}}',
        terraform="databricks_job { tags = { CostCenter = ..., Owner = ... } }.",
        breaks="Nothing stops; costs show under the new tags from the next run on. Code that "
        "deploys the job must say the same, or its next run takes the change back.",
    ),
    maps=(
        *also(
            "names an owner for each job and for the clusters that it makes",
            Relation.SUBSET,
            nist="CM-8 CM-8(4)",
            soc2="CC6.1",
            iso="A.5.9",
            ccm="DCS-06",
        ),
        *also(
            "makes a scheduled run that nobody owns stand out, a miner's too",
            nist="CM-8(3)",
            attack="T1496 T1578.002",
        ),
    ),
)


@CONTROL.check
def check(job: Job, at: Context) -> Judgement:
    """Every key is there, with a value that is allowed."""
    return carries(job.tags, job.tags.get(), at.policy)


@CONTROL.mends
def mend(job: Job, at: Context) -> Iterable[Wish]:
    """Add what is missing."""
    tags, name = job.tags.get(), str(job.id) if job.name.gap else job.name.get()
    wanted = missing_tags(tags, at)
    yield Wish(
        Target("job", scope_of(at.here), str(job.id)),
        name,
        {path("settings", "tags", key): tags.get(key) for key in wanted},
        {path("settings", "tags", key): value for key, value in wanted.items()},
    )


def _tagged(tags: Mapping[str, str]) -> MemorySnapshot:
    return given(jobs=[{"job_id": 7, "settings": {"name": "nightly", "tags": tags}}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield from examples_of(_tagged)
    yield unclear("jobs may not be listed", given(jobs=refused()), WANTED)
    yield exempt("there are no jobs", given(jobs=[]), WANTED)
