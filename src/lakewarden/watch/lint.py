"""What a rule may not say: each check yields one line for what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from lakewarden.errors import LakewardenError, UsageError
from lakewarden.events.catalog import load
from lakewarden.events.columns import Source
from lakewarden.paper.paper import paper
from lakewarden.policyfile.pattern import fault
from lakewarden.policyfile.watching import example_values
from lakewarden.store.lake.engine import opened
from lakewarden.watch import examples
from lakewarden.watch.asked import Asked, actions, asked
from lakewarden.watch.compiler import compiled
from lakewarden.watch.fields import Setting
from lakewarden.watch.known import Known, anywhere, everywhere, known
from lakewarden.watch.library import files, read
from lakewarden.watch.rule import Rule
from lakewarden.watch.selection import listed
from lakewarden.watch.site import Site
from lakewarden.watch.sql import Dialect

_UNPORTABLE: Final = re.compile(
    r"\b(INTERVAL|DATE_TRUNC|QUALIFY|EPOCH|LIST|COLLECT_SET|IGNORE\s+NULLS|LIMIT)\b|\\|::"
    r"|(?<!TRY_)\bCAST\([^()]*\bAS (?!STRING)|COUNT\(DISTINCT[^)]*\)\s+OVER",
    re.IGNORECASE,
)
_FIRING: Final = 2
_QUIET: Final = 3
"""How many examples of each sort a rule has at least."""
_RUNBOOK: Final = re.compile(r"(break-glass|offboarding)/[a-z0-9-]+")


def faults(rule: Rule) -> list[str]:
    """Return everything that is wrong about a rule; none where all is well."""
    try:
        return [what for check in CHECKS for what in check(rule)]
    except ValueError as error:
        return [str(error)]


def of_folder(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong about the rules of a folder, each with its file.

    Raises:
        UsageError: there is no such folder.
    """
    for file in files(folder):
        try:
            rule = read(file)
            shown = examples.read(file.with_suffix(".jsonl"), rule.sources)
        except UsageError as error:
            yield file, error.what
            continue
        yield from ((file, what) for what in faults(rule))
        firing = sum(each.expected > 0 for each in shown)
        if firing < _FIRING or len(shown) - firing < _QUIET:
            yield file, f"examples: at least {_FIRING} that fire and {_QUIET} that do not"


def _citations(rule: Rule) -> Iterator[str]:
    """Check the sections and duties of the paper, and the techniques of ATT&CK."""
    for name in rule.spec["paper"]:
        if name not in paper().sections and name not in paper().duties:
            yield f"paper: {name!r} is neither a section nor a duty"
    for name in rule.spec["attack"]:
        if name not in load("attack")["techniques"]:
            yield f"attack: {name!r} is no technique in events/data/attack.toml"
    book = rule.spec["response"].get("runbook")
    if book is not None and not _RUNBOOK.fullmatch(str(book)):
        yield f"response.runbook: {book!r} is neither break-glass/… nor offboarding/…"


def _words(rule: Rule) -> Iterator[str]:
    """Check the lines that people read."""
    if str(rule.spec["title"]).endswith(".") or "\n" in str(rule.spec["title"]).strip():
        yield "title: one line without a full stop"
    for key in ("why", "false_positives"):
        for text in listed(rule.spec[key]):
            if not str(text).strip():
                yield f"{key}: says nothing"


def compiles(rule: Rule) -> Iterator[str]:
    """Check numbers, durations, fields and site values: all of them meet in the query.

    Raises:
        ValueError: the rule gives no query.
    """
    for dialect in Dialect:
        compiled(rule, Setting(_site(), dialect, rule.sources))
    found = _UNPORTABLE.search(str(rule.spec.get("query", "")))
    if found:
        yield f"query: {found[0]!r} does not mean the same on every engine"
    elif rule.kind == "sql":
        yield from _asked_of_nothing(rule)


def _asked_of_nothing(rule: Rule) -> Iterator[str]:
    """Run a query of one's own where there are no events, for columns and functions are known."""
    with opened(threads=1) as engine:
        try:
            engine.rows(compiled(rule, Setting(_site(), Dialect.DUCKDB, rule.sources)))
        except LakewardenError as error:
            yield f"query: {error.what}"


def blind(rule: Rule) -> list[str]:
    """Return what a rule waits for that is never recorded, so that it would find nothing."""
    return [*_actions(rule), *_params(rule)]


def _actions(rule: Rule) -> Iterator[str]:
    """Check that every action is one."""
    for name in sorted(actions(rule, _site())):
        entries = _entries(rule, name)
        if not entries:
            yield f"do: {name!r} is no action that {' or '.join(rule.sources)} records"
        weak = entries and all(entry.weak for entry in entries)
        if weak and not name.endswith(".*") and not rule.unconfirmed:
            yield f"unconfirmed: the action {name} is only recalled, and the rule does not say so"


def _params(rule: Rule) -> Iterator[str]:
    """Check that every parameter is one of an action that it is asked of."""
    for each in asked(rule, _site()):
        param = each.field.removeprefix("param.").split("/")[0]
        if param == each.field or (Source.CLOUDTRAIL in rule.sources and everywhere(param)):
            continue
        if not each.actions:
            if not any(anywhere(source, param) for source in rule.sources):
                yield f"{each.place}: {each.field} is no parameter of any action"
            continue
        having = [entry for entry in _of_actions(rule, each) if entry.has(param)]
        if not having:
            yield f"{each.place}: {each.field} is no parameter of {_shown(each.actions)}"
        elif all(param in entry.unsure for entry in having) and not rule.unconfirmed:
            yield f"unconfirmed: {each.field} is only recalled, and the rule does not say so"


def past_lists(rule: Rule) -> Iterator[str]:
    """Yield the steps that look for a name in a list, where only numbers lead on."""
    for each in asked(rule, _site()):
        param, *path = each.field.removeprefix("param.").split("/")
        having = [entry for entry in _of_actions(rule, each) if entry.has(param)]
        if path and not path[0].isdigit() and any(param in entry.lists for entry in having):
            yield f"{each.place}: {param} is a list, in which {path[0]!r} is no place"


def _answers(rule: Rule) -> Iterator[str]:
    """Check that no success is asked of actions whose answer is not recorded."""
    for each in asked(rule, _site()):
        success = (each.field == "ok" and True in each.values) or (
            each.field == "status" and not each.modifiers and None not in each.values
        )
        entries = _of_actions(rule, each)
        if success and entries and all(entry.silent for entry in entries):
            yield f"{each.place}: no answer of {_shown(each.actions)} is recorded"


def _patterns(rule: Rule) -> Iterator[str]:
    """Check that regular expressions mean the same to every engine."""
    for each in asked(rule, _site()):
        for value in each.values if "re" in each.modifiers else ():
            what = fault(str(value))
            if what:
                yield f"{each.place}: {value!r}: {what}"


def _verbose(rule: Rule) -> Iterator[str]:
    """Check that a rule says that it needs verbose audit logs, where it needs them."""
    entries = [entry for name in actions(rule, _site()) for entry in _entries(rule, name)]
    needs = "verbose_audit_logs" in rule.spec.get("needs", ())
    if entries and all(entry.verbose for entry in entries) and not needs:
        yield "needs: its actions are recorded only while verbose_audit_logs are on"


CHECKS: Final[tuple[Callable[[Rule], Iterator[str]], ...]] = (
    _citations,
    _words,
    compiles,
    _actions,
    _params,
    past_lists,
    _answers,
    _patterns,
    _verbose,
)


def _entries(rule: Rule, name: str) -> tuple[Known, ...]:
    return tuple(entry for source in rule.sources for entry in known(source, name))


def _of_actions(rule: Rule, each: Asked) -> list[Known]:
    return [entry for name in each.actions for entry in _entries(rule, name)]


def _shown(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")  # noqa: PLR2004  # enough to know it by


@cache
def _site() -> Site:
    values = example_values()
    return Site(values, str(values["timezone"]))
