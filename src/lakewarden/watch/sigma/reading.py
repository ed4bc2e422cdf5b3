"""Sigma rules as rules of ours. What cannot be said exactly is refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from lakewarden.events.catalog import load
from lakewarden.events.columns import Source
from lakewarden.ledger.finding import Severity
from lakewarden.watch.condition import read as read_condition
from lakewarden.watch.lint import compiles, past_lists
from lakewarden.watch.rule import rule_of
from lakewarden.watch.selection import listed
from lakewarden.watch.sigma.fields import NAMES, source_of
from lakewarden.watch.sigma.searches import selection

_COUNTED: Final = {"event_count": "threshold", "value_count": "distinct"}
_NOT_SEARCHES: Final = frozenset({"condition", "timeframe"})
_NAME: Final = re.compile(r"[A-Za-z]\w*")
_SPAN: Final = re.compile(r"\d+[smhd]")
OWN: Final = "lakewarden"
"""The key of what Sigma has no word for: of whom an alert is, and for how long it is one."""


@dataclass(frozen=True, slots=True)
class Read:
    """One rule of a Sigma file.

    Attributes:
        name: for its file.
        spec: the rule, as our files say it; empty where it was refused.
        refused: why it cannot be said exactly.
        notes: what of it was left out; nothing that changes what it finds.
        head: where it is from.
    """

    name: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""
    notes: tuple[str, ...] = ()
    head: str = ""


def read(documents: Sequence[Any], stem: str) -> Iterator[Read]:
    """Yield the rules of a file; those that correlations refer to are part of these alone.

    Args:
        documents: the documents of the file.
        stem: the name of the file.
    """
    maps = [each for each in documents if isinstance(each, Mapping)]
    used = {name for each in maps for name in _used(each)}
    alone = [each for each in maps if not used & {str(each.get("name")), str(each.get("id"))}]
    for number, document in enumerate(alone):
        name = _slug(stem) if len(alone) == 1 else f"{_slug(stem)}_{number + 1}"
        yield _read(document, maps, name)
    if not maps:
        yield Read(_slug(stem), refused="there is no rule in it")


def _used(document: Mapping[str, Any]) -> list[str]:
    """Return the rules that one refers to, and that are no rules of their own therefore."""
    correlation = document.get("correlation")
    if not isinstance(correlation, Mapping) or correlation.get("generate"):
        return []
    return [str(name) for name in listed(correlation.get("rules", []))]


def _read(document: Mapping[str, Any], maps: Sequence[Mapping[str, Any]], name: str) -> Read:
    try:
        made = _correlated(document, maps) if "correlation" in document else _matching(document)
        notes = tuple(f"{tag} is not in our list of techniques" for tag in _unknown(document))
        spec = {**_about(document), **made, **_own(document)}
        rule = rule_of(f"sigma.{name}", spec)
        for wrong in (*compiles(rule), *past_lists(rule)):
            raise ValueError(wrong)  # noqa: TRY301  # one place for all
    except KeyError as error:
        return Read(name, refused=f"{error.args[0]}: missing")
    except ValueError as error:
        return Read(name, refused=str(error))
    except (TypeError, AttributeError):
        return Read(name, refused="it is not built as Sigma rules are")
    return Read(name, spec, notes=notes, head=_head(document))


def _matching(document: Mapping[str, Any]) -> dict[str, Any]:
    source = source_of(document["logsource"])
    select, condition = _searches(document, source, "")
    return {"kind": "match", "source": source.value, "select": select, "condition": condition}


def _searches(
    document: Mapping[str, Any], source: Source, before: str
) -> tuple[dict[str, Any], str]:
    """Return the selections of a rule and its condition, names with something put before them."""
    detection = document["detection"]
    if "timeframe" in detection:
        raise ValueError("timeframe: the old way of counting cannot be said; correlations can")
    searches = {name: each for name, each in detection.items() if name not in _NOT_SEARCHES}
    wrong = [name for name in searches if not _NAME.fullmatch(name)]
    if wrong:
        raise ValueError(f"{wrong[0]}: a name of letters, digits and _ can be said")
    select = {f"{before}{name}": selection(each, source) for name, each in searches.items()}
    texts = [str(each) for each in listed(detection["condition"])]
    written = [_condition(text, searches, before) for text in texts]
    whole = written[0] if len(written) == 1 else " or ".join(f"({each})" for each in written)
    used = read_condition(whole, select).names
    return {name: each for name, each in select.items() if name in used}, whole


def _condition(text: str, searches: Mapping[str, Any], before: str) -> str:
    if "|" in text:
        raise ValueError("condition: the old way of counting cannot be said; correlations can")
    read_condition(text, searches)
    if not before:
        return text

    def named(found: re.Match[str]) -> str:
        word = found[0]
        if word == "them":
            return f"{before}*"
        pattern = "*" in word
        return f"{before}{word}" if word in searches or pattern else word

    return re.sub(r"[\w*]+", named, text)


def _correlated(document: Mapping[str, Any], maps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    correlation = document["correlation"]
    kind = correlation["type"]
    if "aliases" in correlation:
        raise ValueError("aliases: a field with several names cannot be said")
    bases = [_base(str(name), maps) for name in listed(correlation["rules"])]
    sources = {source_of(each["logsource"]) for each in bases}
    if len(sources) != 1:
        raise ValueError("logsource: several logs at once cannot be said")
    (source,) = sources
    parts = [
        _searches(each, source, f"r{n}_" if len(bases) > 1 else "") for n, each in enumerate(bases)
    ]
    select = {name: each for searches, _ in parts for name, each in searches.items()}
    conditions = [condition for _, condition in parts]
    by = [_field(str(name), source) for name in listed(correlation.get("group-by", []))]
    made = {"source": source.value, "select": select, "by": by}
    span = str(correlation["timespan"])
    if not _SPAN.fullmatch(span):
        raise ValueError(f"timespan: {span!r} cannot be said")
    if kind == "temporal_ordered":
        if correlation.get("condition", {"gte": len(bases)}) != {"gte": len(bases)}:
            raise ValueError("condition: of steps, only that all of them happen can be said")
        steps = [{"is": each} for each in conditions]
        return {**made, "kind": "sequence", "steps": steps, "within": span}
    if kind not in _COUNTED:
        raise ValueError(f"correlation: {kind} cannot be said")
    joined = conditions[0] if len(conditions) == 1 else " or ".join(f"({c})" for c in conditions)
    made |= {"kind": _COUNTED[kind], "condition": joined, "window": span}
    if kind == "event_count" and "field" in correlation["condition"]:
        raise ValueError("field: events are counted, whatever their fields are")
    if kind == "value_count":
        made["value"] = [_field(str(correlation["condition"]["field"]), source)]
    return {**made, "at_least": _least(correlation["condition"])}


def _base(name: str, maps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    found = [each for each in maps if name in {str(each.get("name")), str(each.get("id"))}]
    if not found or "detection" not in found[0]:
        raise ValueError(f"correlation: there is no rule {name} in the file")
    return found[0]


def _least(condition: Mapping[str, Any]) -> int:
    bounds = {key: value for key, value in condition.items() if key != "field"}
    if any(not isinstance(bound, int) or isinstance(bound, bool) for bound in bounds.values()):
        raise ValueError("correlation: only whole numbers are counted to")
    if set(bounds) == {"gte"}:
        return int(bounds["gte"])
    if set(bounds) == {"gt"}:
        return int(bounds["gt"]) + 1
    raise ValueError("correlation: only at least so many can be said, gte and gt")


def _field(name: str, source: Source) -> str:
    found = NAMES[source].ours(name)
    if found is None:
        raise ValueError(f"{name}: events have no field that says the same")
    return found


def _about(document: Mapping[str, Any]) -> dict[str, Any]:
    level = str(document.get("level", "medium"))
    severity = "low" if level == "informational" else level
    title = " ".join(str(document["title"]).split()).rstrip(".")
    why = " ".join(str(document.get("description") or document["title"]).split())
    return {
        "title": title,
        "severity": Severity(severity).value,
        "threats": [],
        "paper": [],
        "attack": sorted({ours for tag in _techniques(document) if (ours := _technique(tag))}),
        "why": why,
        "false_positives": [str(each) for each in listed(document.get("falsepositives")) if each]
        or ["The rule that this one is from does not say."],
        "response": {"do": "Look at what happened around it, and ask whoever did it."},
    }


def _own(document: Mapping[str, Any]) -> dict[str, Any]:
    own = document.get(OWN, {})
    return {
        key: own[key]
        for key in ("entity", "suppress", "response", "threats", "paper")
        if key in own
    }


def _techniques(document: Mapping[str, Any]) -> Iterator[str]:
    for tag in document.get("tags", ()):
        found = re.fullmatch(r"attack\.(t\d{4}(?:\.\d{3})?)", str(tag), re.IGNORECASE)
        if found:
            yield found[1].upper()


def _technique(tag: str) -> str:
    """Return a technique by the name of our version; empty where we do not know it."""
    return tag if tag in load("attack")["techniques"] else _earlier().get(tag, "")


def _unknown(document: Mapping[str, Any]) -> list[str]:
    return [tag for tag in _techniques(document) if not _technique(tag)]


@cache
def _earlier() -> Mapping[str, str]:
    """Return what the techniques of the next version are called in ours; the closest of several."""
    return {later: ours for ours, later in sorted(load("attack")["v19"]["techniques"].items())}


def _head(document: Mapping[str, Any]) -> str:
    lines = [f"From the Sigma rule {document.get('id', document['title'])}"]
    lines += [f"by {document['author']}"] if "author" in document else []
    lines += [f"under {document['license']}"] if "license" in document else []
    return " ".join(" ".join(lines).split())


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_") or "rule"
