"""`lakewarden terraform`."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import hands
from lakewarden.cli.changing import insist_same_account, urls_of
from lakewarden.cli.greenfield import greenfield_into, greenfield_options
from lakewarden.cli.options import Deployment, Selection, deployment_options, selection_options
from lakewarden.cli.pipeline import insist_known, snapshot_of
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.clients.failure import CallFailedError
from lakewarden.clock import Clock
from lakewarden.collect.doors import Reach
from lakewarden.controls.kit.registry import needs_at
from lakewarden.errors import LakewardenError, UsageError
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Need
from lakewarden.estate.record import Json
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.plan.change import Target
from lakewarden.plan.plan import Plan
from lakewarden.policyfile.policy import Policy
from lakewarden.store.plans import read_plan
from lakewarden.store.snapshots import DiskSnapshot
from lakewarden.terraform.greenfield.write import GreenfieldOptions
from lakewarden.terraform.write.changes import Found, after, wanted
from lakewarden.terraform.write.configuration import Configuration, Place, Site, configured
from lakewarden.terraform.write.files import HEADER, NOT_COVERED, files
from lakewarden.terraform.write.kinds import ROWS
from lakewarden.terraform.write.standing.snapshot import (
    NEEDED_FOR_TABLES,
    needed,
    standing,
)
from lakewarden.terraform.write.tables import removes_parts
from lakewarden.terraform.write.thing import WHOLE, Left, Thing

_EXAMPLE: Final = "terraform.tfvars.example"
_REGION: Final = "us-east-1"


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[PLAN]")
@deployment_options
@selection_options
@click.option(
    "--snapshot",
    "folder",
    type=click.Path(path_type=Path),
    help="Write from this snapshot instead of the live deployment; less is known then.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for the files; what an earlier run wrote there is replaced.",
)
@greenfield_options
def command(
    file: Path | None,
    deployment: Deployment,
    selection: Selection,
    folder: Path | None,
    out: Path,
    greenfield: GreenfieldOptions | None,
) -> int:
    """Write Terraform for a plan, for the deployment as it stands, or for one from nothing.

    With a PLAN, every change becomes a resource as the plan leaves it. Without one, everything
    that was read becomes one. What exists gets an import block, so that Terraform takes it over;
    what is not known of it is left as it is. Nothing is changed, and no secret is written.

    NOT-COVERED.md in the folder lists what no resource is for, and why.

    With --greenfield nothing is read: modules are written that make a whole deployment.
    """
    if greenfield:
        _insist_alone(file, folder)
        greenfield_into(out, greenfield)
        return EXIT_CLEAN
    plan = read_plan(file) if file else None
    policy = policy_of(selection)
    reach = None if folder else reach_of(deployment, policy)
    needs = functools.partial(_needs, policy, plan)
    with snapshot_of(folder, reach, policy, Clock(), needs) as snapshot:
        insist_known(snapshot, policy.include.workspaces | policy.exclude.workspaces)
        if plan:
            insist_same_account(snapshot.meta.account_id, plan.origin.account_id)
        doors = Doors(reach, urls_of(reach, snapshot)) if reach else None
        estate = Estate(snapshot, policy.include.workspaces, policy.exclude.workspaces)
        site = _site(snapshot, reach or Reach(), plan)
        made = configured(site, _things(plan, estate, doors))
        _write(out, files(made))
    click.echo(_summary(made, out))
    return EXIT_CLEAN


def _insist_alone(file: Path | None, folder: Path | None) -> None:
    """Refuse a plan or a snapshot beside a deployment from nothing.

    Raises:
        UsageError: one of them is given.
    """
    if file or folder:
        raise UsageError(
            "a deployment from nothing is made from no plan and no snapshot",
            next_step="Leave out either --greenfield, or the plan and --snapshot",
        )


def _needs(policy: Policy, plan: Plan | None, workspace: Workspace | None) -> set[Need]:
    """Return what is read: for a plan little, as each thing of it is asked for itself."""
    if plan is None:
        return needs_at(policy, workspace, planning=True) | needed(workspace)
    little = NEEDED_FOR_TABLES if removes_parts(plan.changes) else {WORKSPACES.need()}
    return set(little) if workspace is None else set()


def _things(plan: Plan | None, estate: Estate, doors: Doors | None) -> Iterator[Thing | Left]:
    if plan is None:
        for thing in standing(estate):
            yield _deepened(thing, doors) if doors else thing
        return
    documents = dict(_documents(doors, wanted(plan))) if doors else {}
    found = Found(documents, {(t.kind, t.scope, t.key): t for t in standing(estate)})
    yield from after(plan, found)


def _deepened(thing: Thing, doors: Doors) -> Thing:
    """Return a thing with everything that the service says of it, where a snapshot has a part."""
    if not ROWS[thing.kind].lacks(thing):
        return thing
    document = _read(doors, Target(thing.kind, thing.scope, thing.key))
    if document is None:
        return thing
    own = {name: value for name, value in thing.document.items() if name.startswith("@")}
    return replace(thing, document={**document, **own}, known=WHOLE)


def _documents(doors: Doors, targets: Iterable[Target]) -> Iterator[tuple[Target, Json]]:
    for target in dict.fromkeys(targets):
        document = _read(doors, target)
        if document is not None:
            yield target, document


def _read(doors: Doors, target: Target) -> Json | None:
    """Return a thing as it is; None when it is gone, cannot be read, or no hand is for it."""
    hand = hands().get(target.kind)
    try:
        return hand.read(doors, target) if hand else None
    except (CallFailedError, LakewardenError):
        return None


def _site(snapshot: DiskSnapshot, reach: Reach, plan: Plan | None) -> Site:
    """Return what the snapshot and the caller say of the deployment."""
    urls = urls_of(reach, snapshot)
    listed = list(snapshot.collection(WORKSPACES, "account").seen())
    places = {str(w.id): Place(str(w.id), _text(w.name), urls[str(w.id)]) for w in listed}
    regions = Counter(_text(workspace.region) or _REGION for workspace in listed)
    region = min(regions, key=lambda name: (-regions[name], name), default=_REGION)
    account_id = snapshot.meta.account_id or (plan.origin.account_id if plan else "")
    host = reach.account_host
    return Site(
        account_id, workspaces=places, region=region, **({"account_host": host} if host else {})
    )


def _text(fact: Fact[str]) -> str:
    return "" if fact.gap is not None else fact.get()


def _write(out: Path, texts: Mapping[str, str]) -> None:
    """Write the files; replace those of an earlier run, and nobody else's.

    Raises:
        UsageError: the folder has Terraform of others, or cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        old = [*out.glob("*.tf"), *(out / name for name in (_EXAMPLE, NOT_COVERED))]
        for file in old:
            if file.suffix == ".tf" and not file.read_text("utf-8").startswith(HEADER):
                raise UsageError(
                    f"the folder has a file that somebody else wrote: {file.name}",
                    where=str(out),
                    next_step="Name a folder of its own with --out",
                )
        for file in old:
            file.unlink(missing_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror})",
            where=str(out),
            next_step="Name another folder with --out",
        ) from None


def _summary(made: Configuration, out: Path) -> str:
    imports = sum(bool(written.import_id) for written, _ in made.resources)
    text = f"{len(made.resources)} resources in {out}, {imports} of them to import"
    if made.left:
        text += f"; {len(made.left)} things not covered, see {NOT_COVERED}"
    return text
