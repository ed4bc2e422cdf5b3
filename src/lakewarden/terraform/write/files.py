"""A configuration as files, split by scope and topic; the same things make the same files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from lakewarden.terraform.write.configuration import Configuration, Place, Site, slug
from lakewarden.terraform.write.hcl import (
    Attribute,
    Block,
    Comment,
    Reference,
    Text,
    document,
    quoted,
)
from lakewarden.terraform.write.links import Marks, linked, marks_of
from lakewarden.terraform.write.thing import Item, Left, Written

NOT_COVERED: Final = "NOT-COVERED.md"
HEADER: Final = "# Written by `lakewarden terraform`, and written anew by its next run.\n\n"
"""How every file begins that another run may replace."""
_ACCOUNT: Final = "databricks_account_id"
_HOST: Final = "databricks_account_host"
_HOSTS: Final = "workspace_hosts"
_REGION: Final = "aws_region"
_ANEW: Final = "build_anew"
_SOURCES: Final = {
    "aws": ("hashicorp/aws", "~> 5.82"),
    "databricks": ("databricks/databricks", "~> 1.100"),
}
_TERRAFORM: Final = ">= 1.6"
_DESCRIBED: Final = {
    _ACCOUNT: ("string", "The Databricks account."),
    _HOST: ("string", "The URL of the account console."),
    _HOSTS: ("map(string)", "The URLs of the workspaces, by id."),
    _REGION: ("string", "The AWS region that most of the deployment is in."),
    _ANEW: ("bool", "Make also what exists and cannot be imported: for a deployment built anew."),
}


def files(configuration: Configuration) -> dict[str, str]:
    """Return the text of each file by its name."""
    site = configuration.site
    used = {written.type.partition("_")[0] for written, _ in configuration.resources}
    marks = marks_of(configuration.resources)
    bodies: dict[str, list[Item]] = defaultdict(list)
    for written, label in configuration.resources:
        bodies[_file(site, written)] += _resource(site, written, label, marks)
    found = {name: document(items) for name, items in bodies.items()}
    found["versions.tf"] = document(_versions(used))
    found["providers.tf"] = document(_providers(configuration, used))
    given = _given(configuration, used)
    found["variables.tf"] = document(_variables(given))
    found["terraform.tfvars.example"] = document(_values(given))
    if configuration.left:
        found[NOT_COVERED] = _not_covered(configuration.left)
    return {
        name: text if name == NOT_COVERED else HEADER + text for name, text in sorted(found.items())
    }


def _file(site: Site, written: Written) -> str:
    scope, _, workspace = written.scope.partition("/")
    place = f"workspace-{site.slug(workspace)}".replace("_", "-") if workspace else scope
    return f"{place}-{written.topic}.tf"


def _resource(site: Site, written: Written, label: str, marks: Marks) -> Iterator[Item]:
    address = Reference(f"{written.type}.{label}")
    if written.import_id:
        identity = _import_id(written.import_id, site.account_id)
        yield Block("import", (), (Attribute("to", address), Attribute("id", identity)))
    if written.comment:
        yield Comment(written.comment)
    body = linked(written, marks, _shared(site, written))
    head = [Attribute("provider", alias) for alias in _alias(site, written)]
    if written.guarded:
        head.append(Attribute("count", Reference(f"var.{_ANEW} ? 1 : 0")))
    values = [item for item in body if isinstance(item, Attribute)]
    blocks = [item for item in body if isinstance(item, Block)]
    open_now = [name for name in dict.fromkeys(written.open) if name not in written.settled]
    if open_now:
        names = [Reference(name) for name in open_now]
        blocks.append(Block("lifecycle", (), (Attribute("ignore_changes", names),)))
    yield Block("resource", (written.type, label), (*head, *values, *blocks))


def _import_id(identity: str, account_id: str) -> str | Text:
    if not account_id or account_id not in identity:
        return identity
    before, _, after = identity.partition(account_id)
    return Text(tuple(filter(None, (before, Reference(f"var.{_ACCOUNT}"), after))))


def _shared(site: Site, written: Written) -> Mapping[str, str]:
    """Return the variables that stand for values of a resource."""
    found = {site.account_id: _ACCOUNT} if site.account_id else {}
    return found if written.scope == "aws" else {**found, site.region: _REGION}


def _alias(site: Site, written: Written) -> Iterator[Reference]:
    scope, _, workspace = written.scope.partition("/")
    if scope == "account":
        yield Reference("databricks.account")
    elif workspace:
        yield Reference(f"databricks.{site.slug(workspace)}")
    elif written.region and written.region != site.region:
        yield Reference(f"aws.{slug(written.region)}")


def _versions(used: set[str]) -> Iterator[Item]:
    sources = tuple(
        Attribute(name, {"source": _SOURCES[name][0], "version": _SOURCES[name][1]})
        for name in sorted(used)
    )
    needed = Block("required_providers", (), sources)
    yield Block("terraform", (), (Attribute("required_version", _TERRAFORM), needed))


def _providers(configuration: Configuration, used: set[str]) -> Iterator[Item]:
    site = configuration.site
    scopes = {written.scope for written, _ in configuration.resources}
    if "aws" in used:
        yield Block("provider", ("aws",), (Attribute("region", Reference(f"var.{_REGION}")),))
        for region in sorted({w.region for w, _ in configuration.resources} - {"", site.region}):
            named = (Attribute("alias", slug(region)), Attribute("region", region))
            yield Block("provider", ("aws",), named)
    if "account" in scopes:
        yield Block(
            "provider",
            ("databricks",),
            (
                Attribute("alias", "account"),
                Attribute("host", Reference(f"var.{_HOST}")),
                Attribute("account_id", Reference(f"var.{_ACCOUNT}")),
            ),
        )
    for identity in _workspaces(configuration):
        host = Reference(f"var.{_HOSTS}[{quoted(identity)}]")
        named = (Attribute("alias", site.slug(identity)), Attribute("host", host))
        yield Block("provider", ("databricks",), named)


def _workspaces(configuration: Configuration) -> list[str]:
    scopes = {written.scope for written, _ in configuration.resources}
    return sorted(scope.partition("/")[2] for scope in scopes if "/" in scope)


def _given(configuration: Configuration, used: set[str]) -> dict[str, object]:
    """Return the values of the variables that the configuration has, by name."""
    site = configuration.site
    inside = [site.workspaces.get(i, Place(i)) for i in _workspaces(configuration)]
    found: dict[str, object] = {}
    if "databricks" in used or site.account_id:
        found[_ACCOUNT] = site.account_id
    if any(written.scope == "account" for written, _ in configuration.resources):
        found[_HOST] = site.account_host
    if inside:
        found[_HOSTS] = {p.id: p.host or "https://WORKSPACE.cloud.databricks.com" for p in inside}
    found[_REGION] = site.region
    if any(written.guarded for written, _ in configuration.resources):
        found[_ANEW] = False
    return found


def _variables(given: Mapping[str, object]) -> Iterator[Item]:
    for name in given:
        kind, words = _DESCRIBED[name]
        body = [Attribute("description", words), Attribute("type", Reference(kind))]
        if name == _ANEW:
            body.append(Attribute("default", False))  # noqa: FBT003  # a value of HCL
        yield Block("variable", (name,), tuple(body))


def _values(given: Mapping[str, object]) -> Iterator[Item]:
    yield Comment("Copy to terraform.tfvars. No credential belongs here: providers take theirs")
    yield Comment("from the environment, or from profiles.")
    for name, value in given.items():
        if name != _ANEW:
            yield Attribute(name, value)


def _not_covered(left: tuple[Left, ...]) -> str:
    lines = ["# Not covered", "", "What these files leave out, and why.", ""]
    reasons: dict[str, list[Left]] = defaultdict(list)
    for one in left:
        reasons[one.why].append(one)
    for why, those in reasons.items():
        lines += [f"## {why[:1].upper()}{why[1:]}", ""]
        for one in those:
            called = f" ({one.name})" if one.name and one.name not in one.address else ""
            lines.append(f"- `{one.address}`{called}")
        lines.append("")
    return "\n".join(lines)
