"""`lakewarden deploy`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click

from lakewarden import __version__
from lakewarden.cli.options import together
from lakewarden.cli.settings import load_policy, policy_here
from lakewarden.errors import UsageError
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.policyfile.policy import Policy
from lakewarden.watch.bundle.jobs import POLICY_FILE
from lakewarden.watch.bundle.options import BundleOptions, Machines
from lakewarden.watch.bundle.write import WHEELS, write_bundle

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says; `BundleOptions` and `Machines` tell what it means."""

    catalog: str
    schema: str
    warehouse: str
    service_principal: str
    account_id: str
    account_host: str
    host: str | None
    viewers: str | None
    detect_schedule: str
    assess_schedule: str
    scope: str
    notify: tuple[str, ...]
    clusters: bool
    node_type: str
    cluster_policy: str | None
    instance_profile: str | None
    wheel: Path | None


_OPTIONS: Final = (
    click.option("--catalog", required=True, help="The catalogue of the alert tables."),
    click.option("--schema", default="lakewarden", show_default=True, help="Their schema."),
    click.option(
        "--warehouse", metavar="ID", required=True, help="The SQL warehouse of the dashboard."
    ),
    click.option(
        "--service-principal",
        metavar="ID",
        required=True,
        help="The application id of the service principal that everything runs as.",
    ),
    click.option(
        "--account-id",
        envvar="DATABRICKS_ACCOUNT_ID",
        required=True,
        help="The Databricks account's id.",
    ),
    click.option(
        "--account-host",
        envvar="LAKEWARDEN_ACCOUNT_HOST",
        default="https://accounts.cloud.databricks.com",
        show_default=True,
        help="URL of the account console.",
    ),
    click.option("--host", help="URL of the workspace; else that of whoever deploys."),
    click.option("--viewers", metavar="GROUP", help="The group that sees jobs, alerts, reports."),
    click.option(
        "--schedule",
        "detect_schedule",
        metavar="CRON",
        default="0 17 * * * ?",
        show_default=True,
        help="When the rules are run, as Quartz has it, in UTC.",
    ),
    click.option(
        "--assess-schedule",
        metavar="CRON",
        default="0 30 5 * * ?",
        show_default=True,
        help="When the deployment is assessed.",
    ),
    click.option(
        "--scope",
        default="lakewarden",
        show_default=True,
        help="The secret scope that holds the service principal's secret.",
    ),
    click.option(
        "--notify",
        multiple=True,
        metavar="MAIL",
        help="Send mail when a run fails and while grave alerts are open. Repeatable.",
    ),
    click.option("--clusters", is_flag=True, help="Use job clusters, not serverless compute."),
    click.option(
        "--node-type",
        default="m6id.large",
        show_default=True,
        help="With --clusters: the type of their machines.",
    ),
    click.option("--cluster-policy", metavar="ID", help="With --clusters: their cluster policy."),
    click.option(
        "--instance-profile",
        metavar="ARN",
        help="With --clusters: what reads AWS; without one, AWS is not assessed.",
    ),
    click.option(
        "--wheel", type=_FILE, help="Install this wheel of lakewarden, not what pip finds."
    ),
)


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder for the bundle."
)
@partial(together, name="asked", group=Asked, options=_OPTIONS)
@click.option(
    "--policy-file",
    envvar="LAKEWARDEN_POLICY_FILE",
    type=_FILE,
    help="The policy file, copied into the bundle; else that of the older bundle is kept, or "
    "lakewarden.toml in this folder taken.",
)
@click.option("--force", is_flag=True, help="Write over an older bundle in the folder.")
def command(out: Path, asked: Asked, policy_file: Path | None, *, force: bool) -> int:
    """Write an Asset Bundle that assesses and watches from within Databricks.

    One job assesses the deployment and puts the reports into a volume, one runs the detection
    rules over system.access.audit where it is and keeps alerts in a table; a dashboard shows them.
    Nothing is read or changed: `databricks bundle deploy` in the folder does that.
    """
    kept = out / POLICY_FILE
    file = policy_file or (kept if force and kept.is_file() else policy_here())
    policy = load_policy(file) if file else Policy()
    text = file.read_text("utf-8") if file else None
    options = _options(asked, _variables(policy))
    try:
        written = write_bundle(out, options, policy=text, wheel=asked.wheel, force=force)
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror})",
            where=str(out),
            next_step="Name another folder with --out",
        ) from None
    taken = f"the policy file is {file}" if file else "no policy file was taken"
    click.echo(f"{len(written)} files in {out}, {taken}; begin with {out / 'README.md'}")
    return EXIT_CLEAN


def _options(asked: Asked, variables: tuple[str, ...]) -> BundleOptions:
    """Return what the bundle is made for.

    Raises:
        UsageError: options for clusters are given without them, or the wheel is none.
    """
    if not asked.clusters and (asked.cluster_policy or asked.instance_profile):
        raise UsageError(
            "serverless compute has neither a cluster policy nor an instance profile",
            next_step="Add --clusters, or leave them out",
        )
    if asked.wheel and asked.wheel.suffix != ".whl":
        raise UsageError("is no wheel", where=str(asked.wheel), next_step="Give a .whl file")
    machines = Machines(asked.node_type, asked.cluster_policy, asked.instance_profile)
    return BundleOptions(
        catalog=asked.catalog,
        schema=asked.schema,
        warehouse=asked.warehouse,
        service_principal=asked.service_principal,
        account_id=asked.account_id,
        account_host=asked.account_host,
        host=asked.host,
        viewers=asked.viewers,
        detect_schedule=asked.detect_schedule,
        assess_schedule=asked.assess_schedule,
        scope=asked.scope,
        notify=asked.notify,
        variables=variables,
        requirement=f"../{WHEELS}/{asked.wheel.name}" if asked.wheel else _released(),
        machines=machines if asked.clusters else None,
    )


def _variables(policy: Policy) -> tuple[str, ...]:
    """Return the environment variables in which sinks look for secrets."""
    named = {
        str(value)
        for sink in policy.sinks
        for option, value in sink.options.items()
        if option.endswith("_env")
    }
    return tuple(sorted(named))


def _released() -> str:
    return f"lakewarden=={__version__}"
