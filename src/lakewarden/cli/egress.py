"""`lakewarden prove egress`: where packets from a workspace's network can go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from lakewarden.cli.options import Deployment, deployment_options, json_option
from lakewarden.cli.pipeline import insist_known, snapshot_of
from lakewarden.cli.settings import load_policy, named_policy, reach_of
from lakewarden.clock import Clock
from lakewarden.controls.kit.subjects import name_of
from lakewarden.errors import UsageError
from lakewarden.estate.account import NETWORKS, WORKSPACES, Workspace
from lakewarden.estate.catalog import closure
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Need, Scope
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_DIFFERENT, EXIT_INCOMPLETE
from lakewarden.policyfile.policy import Policy
from lakewarden.proofs.facts.regions import region
from lakewarden.proofs.network.channels import channels
from lakewarden.proofs.network.closing import closings
from lakewarden.proofs.network.egress import Outcome, egress
from lakewarden.proofs.network.liveness import reachable, required
from lakewarden.proofs.network.reading import NEEDS, network_of, topology_of
from lakewarden.proofs.network.topology import Inspected, Topology, WorkspaceNetwork

_ANSWERS: Final = {
    Outcome.NO_INTERNET: "proved",
    Outcome.NAMED: "proved",
    Outcome.ARBITRARY: "refuted",
    Outcome.UNKNOWN: "unknown",
}
_CODES: Final = {"proved": EXIT_CLEAN, "refuted": EXIT_DIFFERENT, "unknown": EXIT_INCOMPLETE}
_CLAIM: Final = "Packets from the workspace's network reach no arbitrary address of the internet"


@click.command("egress")
@click.option(
    "--workspace",
    "workspaces",
    multiple=True,
    metavar="ID",
    help="This workspace only, by id or name. Repeatable.",
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    help="Ask this snapshot instead of the live deployment.",
)
@json_option
@deployment_options
def command(
    deployment: Deployment, workspaces: tuple[str, ...], snapshot: Path | None, style: str
) -> int:
    """Follow packets out of each workspace's network, and say where they can go.

    Exits with 0 when none reaches the internet at large, 3 when some do, 4 when that is not known.
    """
    policy = load_policy(named_policy())
    reach = None if snapshot else reach_of(deployment, policy)
    with snapshot_of(snapshot, reach, policy, Clock(), _needs) as found:
        insist_known(found, workspaces)
        answers = list(_answers(Estate(found, workspaces), policy))
    if not answers:
        raise UsageError(
            "no workspace has a network of your own",
            next_step="Networks that Databricks manages cannot be read",
        )
    if style == "json":
        click.echo(json.dumps({"answers": answers}, indent=2, ensure_ascii=False))
    else:
        for answer in answers:
            _print(answer)
    codes = [_CODES[answer["answer"]] for answer in answers]
    return next((code for code in (EXIT_DIFFERENT, EXIT_INCOMPLETE) if code in codes), EXIT_CLEAN)


def _needs(workspace: Workspace | None) -> set[Need]:
    if workspace is None:
        return closure({WORKSPACES.need()} | {kind.need() for kind in NEEDS})
    return {kind.need() for kind in NEEDS if kind.scope is Scope.WORKSPACE}


def _answers(estate: Estate, policy: Policy) -> Iterator[dict[str, Any]]:
    inspected = tuple(Inspected(target) for target in policy.inspected_gateways)
    for workspace in estate.workspaces():
        try:
            identity = workspace.network_id.get()
            if identity is None:
                continue
            network = estate.need(NETWORKS, identity)
            topology = topology_of(estate, network, inspected=inspected)
            found = _answer(topology, network_of(estate, workspace, network), workspace)
        except UnreadError as error:
            found = {"answer": "unknown", "explanation": [str(error.gap)]}
        yield {"question": "egress", "subject": name_of(workspace), "claim": _CLAIM, **found}


def _answer(topology: Topology, network: WorkspaceNetwork, workspace: Workspace) -> dict[str, Any]:
    """Return the verdict, what closes the way out, what stays reachable, and what is not seen."""
    place = region(workspace.region.get())
    private = workspace.private_access_id.gap is None and bool(workspace.private_access_id.get())
    hosts = required(place, private_link=private) if place else ()
    known = tuple(text for host in hosts for text in host.addresses)
    found = egress(topology, network, known)
    edits = closings(topology, network, hosts) if found.outcome is Outcome.ARBITRARY else ()
    live = reachable(topology, network, hosts)
    return {
        "answer": _ANSWERS[found.outcome],
        "verdict": found.outcome.value,
        "explanation": [str(found)],
        "path": found.path,
        "addresses": {"v4": found.v4, "v6": found.v6},
        "services": str(found.services) if found.v4 or found.v6 else "",
        "names": [
            {"name": n.name, "protocols": list(n.protocols), "weakness": n.weakness}
            for n in found.names
        ],
        "missing": [str(missing) for missing in found.missing],
        "edits": [str(closing) for closing in edits],
        "required": [
            {"host": r.host.name, "reach": r.reach.value, "reason": r.reason} for r in live
        ],
        "channels": [
            {"id": c.id, "state": c.state.value, "detail": c.detail, "decided_by": c.decided_by}
            for c in channels(topology, network, found)
        ],
        "assumptions": [
            "packets alone are followed; the channels below are not part of the verdict",
        ],
    }


def _print(answer: dict[str, Any]) -> None:
    click.echo(f"{answer['answer'].upper()}  egress ({answer['subject']})")
    for line in answer["explanation"]:
        click.echo(f"  {line}")
    for name in answer.get("names", []):
        weak = f" ({name['weakness']})" if name["weakness"] else ""
        click.echo(f"  gets out by name: {name['name']}{weak}")
    for edit in answer.get("edits", []):
        click.echo(f"  would close it: {edit}")
    for host in answer.get("required", []):
        click.echo(f"  needs {host['host']}: {host['reach']} ({host['reason']})")
    for channel in answer.get("channels", []):
        click.echo(f"  beside packets, {channel['id']} is {channel['state']}: {channel['detail']}")
