"""The page that comes from the detection rules: all of them, and what they ask of a site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from lakewarden.events.catalog import load
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.watching import declared, example_values, written
from lakewarden.watch.library import rules
from lakewarden.watch.rule import Rule
from lakewarden.watch.site import asked_of
from tools.control_pages import NOTE

_AREAS: Final = {
    "aws_compute": "AWS: machines",
    "aws_data": "AWS: buckets, snapshots, secrets",
    "aws_identity": "AWS: identities",
    "aws_keys": "AWS: keys",
    "aws_logging": "AWS: what keeps watch",
    "aws_network": "AWS: networks",
    "code": "Code",
    "compute": "Compute",
    "configuration": "Configuration",
    "destruction": "Destruction",
    "exfiltration": "Data that leaves",
    "flows": "Flow logs",
    "login": "Logins",
    "people": "Users and groups",
    "privilege": "Privileges",
    "tokens": "Tokens",
    "twins": "Two logs held against each other",
    "vendor": "The vendor",
}

_HEAD: Final = """\
{count} rules, each with examples that fire and near misses that do not. A rule is one file, whose
[format](rules.md) is open for rules of your own, and for those that [Sigma](sigma.md) can say.
`lakewarden watch rules` says which of them can tell anything at your site, `lakewarden watch rules
RULE` what to do when one fires, and `--seen` whether what a rule looks at was ever recorded.

ATT&CK ids are those of version {version}; behind an arrow stands what version 19 calls them. A rule
that is *unconfirmed* rests on a name that is recalled from documentation and was not met in a log;
its alerts say so."""


def page() -> str:
    """Return the page of all rules."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    every = list(rules().values())
    attack = load("attack")
    yield from ("# Detections", "", NOTE, "")
    yield _HEAD.format(count=len(every), version=attack["version"])
    for area, group in groupby(every, key=lambda rule: rule.id.partition(".")[0]):
        yield from ("", f"## {_AREAS[area]}", "")
        yield "| rule | finds | severity | ATT&CK | paper | needs |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(rule, attack["v19"]["techniques"]) for rule in group)
    yield from _values(every)


def _row(rule: Rule, later: dict[str, str]) -> str:
    techniques = [f"{t} → {later[t]}" if t in later else t for t in rule.spec["attack"]]
    severities = sorted({rule.severity, *(each.severity for each in rule.worse)}, key=_rank)
    needs = [*rule.spec.get("needs", ()), *(f"`{written(name)}`" for name in rule.requires)]
    title = f"{rule.title} *(unconfirmed)*" if rule.unconfirmed else rule.title
    cells = (
        f"`{rule.id}`",
        title,
        " or ".join(each.value for each in severities),
        ", ".join(techniques),
        ", ".join(rule.spec["paper"]),
        ", ".join(needs),
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _values(every: list[Rule]) -> Iterator[str]:
    asked = {rule.id: asked_of(rule.spec) for rule in every}
    yield from ("", "## What rules ask of a site", "")
    yield "Values of `[watch]` in [lakewarden.toml](policy-file.md). A rule that needs one that is"
    yield "empty is inactive, and says so."
    yield from ("", "| value | type | what it is | default | for example | rules |")
    yield "|---|---|---|---|---|---|"
    for name, one in sorted(declared().items()):
        count = sum(name in names for names in asked.values())
        cells = (f"`{name}`", one.type, one.about, _written(one.default), _written(one.example))
        yield f"| {' | '.join(map(_cell, cells))} | {count or ''} |"
    shared = sorted(set().union(*asked.values()) - declared().keys(), key=written)
    yield ""
    yield "Rules read these values of other tables of the policy file as well:"
    yield ", ".join(dict.fromkeys(f"`{written(name)}`" for name in shared)) + "."
    yield from ("", "```toml", "[watch]", f"timezone = {json.dumps(example_values()['timezone'])}")
    yield from (f"{name} = {json.dumps(declared()[name].example)}" for name in _SHOWN)
    yield "```"


_SHOWN: Final = ("cross_account_roles", "data_roles", "lake_buckets", "compute_networks")


def _rank(severity: Severity) -> int:
    return severity.rank


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _written(value: object) -> str:
    return f"`{json.dumps(value)}`" if value not in ([], "") else ""
