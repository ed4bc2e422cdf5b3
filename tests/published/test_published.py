"""What others published of the Databricks API goes through the real collectors.

Each `<kind>/<n>.json` has where it was published (`source`), the call (`request`) and its answer
(`response`). Where the call answers with one item, `item` says where in the answer that is, and
the list that we read is made of it. `before` holds the answers of calls that come first, `value`
the value that a setting has.
"""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

import lakewarden.collect.engine  # noqa: F401  # it registers the collectors
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging
from lakewarden.collect.lists import LISTS
from lakewarden.collect.task import COLLECTORS, Task
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, pack, plan_of

Example = dict[str, Any]

FOLDER: Final = Path(__file__).parent
EXAMPLES: Final = sorted(FOLDER.glob("*/*.json"))
UNREAD: Final = tomllib.loads((FOLDER / "unread_fields.toml").read_text(encoding="utf-8"))
DERIVED: Final = {"id", "name", "owner", "key", "value", "workspace_id"}
"""Fields that the collectors of keyed kinds and of objects fill in themselves."""
JOB: Final = {"job_id": 14, "creator_user_name": "user@example.com", "settings": {"name": "Job"}}


class StubHost(DatabricksHost):
    """A host that knows the answers of one example."""

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self.host, self.account_id = "https://example.invalid", "{account_id}"
        self._pages = pages

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Return the answer for a path; no other call may be made."""
        assert path in self._pages, f"{path} {query} is not what was published"
        return self._pages[path]


def ids() -> list[str]:
    """Name the examples."""
    return [f"{path.parent.name}-{path.stem}" for path in EXAMPLES]


def load(path: Path) -> tuple[Kind[Any], Example]:
    """Read an example and the kind that it is of."""
    return KINDS[path.parent.name], json.loads(path.read_text(encoding="utf-8"))


def path_of(request: str) -> str:
    """Return the path of `GET /path?query`."""
    return request.removeprefix("GET ").split("?")[0]


def pages_of(kind: Kind[Any], example: Example) -> dict[str, Any]:
    """Return every answer of an example by path, lists as lists."""
    asked, answer = path_of(example["request"]), example["response"]
    if "item" in example:
        asked = kind.source.removeprefix("GET ")
        answer = listed(kind, answer[example["item"]] if example["item"] else answer)
    before = {path_of(name): found for name, found in example.get("before", {}).items()}
    return {**before, asked: answer}


def listed(kind: Kind[Any], item: Example) -> Any:
    """Return the list that has an item alone in it."""
    call = LISTS[kind]
    if call.paging is Paging.ARRAY:
        return [item]
    total = {"totalResults": 1} if call.paging is Paging.SCIM else {}
    return {**total, call.envelope: [item]}


def keys_of(kind: Kind[Any], example: Example) -> tuple[str, ...]:
    """Return the keys that an example of a keyed kind is about."""
    if "?keys=" in example["request"]:
        return tuple(example["request"].split("?keys=")[1].split(","))
    before, _, after = kind.source.removeprefix("GET ").partition("{key}")
    return (path_of(example["request"]).removeprefix(before).removesuffix(after),)


def collected(kind: Kind[Any], example: Example, pages: Mapping[str, Any]) -> list[Record]:
    """Read answers with the collector of a kind."""
    scope = "workspace/1" if kind.scope is Scope.WORKSPACE else "account"
    task = Task(
        kind,
        scope,
        keys_of(kind, example) if kind.keyed else (),
        StubHost(pages),
        None,
        given(workspace={"workspace_id": 123}, jobs=[], account_service_principals=[{"id": "123"}])
        if kind.scope is Scope.ACCOUNT
        else given(jobs=[JOB]),
        map,
    )
    return list(COLLECTORS[kind.name](task))


def items_of(kind: Kind[Any], example: Example, pages: Mapping[str, Any]) -> list[Example]:
    """Return the items of an example, in the order of the records."""
    answer = pages[
        kind.source.removeprefix("GET ") if kind in LISTS else path_of(example["request"])
    ]
    if kind not in LISTS:
        return [answer] * max(1, len(keys_of(kind, example)) if kind.keyed else 1)
    found: list[Example] = answer[LISTS[kind].envelope] if LISTS[kind].envelope else answer
    return found


@pytest.mark.parametrize("path", EXAMPLES, ids=ids())
def test_each_item_becomes_a_record_and_every_field_is_read(path: Path) -> None:
    kind, example = load(path)
    pages = pages_of(kind, example)
    records, items = collected(kind, example, pages), items_of(kind, example, pages)
    assert len(records) == len(items)
    for record, item in zip(records, items, strict=True):
        for plan in plan_of(type(record)):
            if not plan.is_key and plan.path not in DERIVED:
                check_field(getattr(record, plan.name), plan, dig(item, plan.steps))
    if "value" in example:
        assert [entry.value.get() for entry in records] == [example["value"]]  # type: ignore[attr-defined]  # a setting


def check_field(fact: Any, plan: Any, published: Any) -> None:
    """Check that a published field was read, and that an unpublished one is a gap or absent."""
    if published is not None:
        assert fact.gap is None, f"{plan.path}: {fact.gap}"
    elif fact.gap is not None:
        assert fact.gap.cause is Cause.MISSING_FIELD
    else:
        assert fact.get() == plan.absent


@pytest.mark.parametrize("path", EXAMPLES, ids=ids())
def test_no_field_is_lost_unnoticed(path: Path) -> None:
    kind, example = load(path)
    pages = pages_of(kind, example)
    known = set(UNREAD.get(kind.name, []))
    lost = set(unread(kind, example, pages)) - known
    assert not lost, f"neither read nor listed in unread_fields.toml: {sorted(lost)}"


def test_every_listed_field_is_published_and_still_unread() -> None:
    for name, fields in UNREAD.items():
        found: set[str] = set()
        for path in sorted((FOLDER / name).glob("*.json")):
            kind, example = load(path)
            found |= set(unread(kind, example, pages_of(kind, example)))
        assert set(fields) <= found, f"{name}: {sorted(set(fields) - found)}"


def test_at_least_25_kinds_have_a_published_example() -> None:
    assert len({path.parent.name for path in EXAMPLES}) >= 25
    assert all(load(path)[1]["source"] for path in EXAMPLES)


def unread(kind: Kind[Any], example: Example, pages: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields of an example that nothing depends on: breaking them changes no record."""
    whole = result(kind, example, pages)

    def visit(node: Any, path: tuple[str, ...]) -> Iterator[str]:
        for name in fields_of(node):
            here = (*path, name)
            broken = copy.deepcopy(dict(pages))
            for page in broken.values():
                spoil(page, here)
            if result(kind, example, broken) == whole:
                yield ".".join(here)
            else:
                yield from visit(inside(node, name), here)

    for page in pages.values():
        yield from visit(page, ())


def result(kind: Kind[Any], example: Example, pages: Mapping[str, Any]) -> Any:
    """Return what collecting gives, failures included."""
    try:
        return [pack(record) for record in collected(kind, example, pages)]
    except CallFailedError as error:
        return str(error)


def fields_of(node: Any) -> list[str]:
    """Return the fields of an object, or of all objects in a list."""
    if isinstance(node, dict):
        return sorted(node)
    if isinstance(node, list):
        return sorted({name for entry in node for name in fields_of(entry)})
    return []


def inside(node: Any, name: str) -> Any:
    """Return what a field holds, in all objects of a list."""
    if isinstance(node, list):
        return [entry[name] for entry in node if isinstance(entry, dict) and name in entry]
    return node[name]


def spoil(node: Any, path: tuple[str, ...]) -> None:
    """Give a field a value of a wrong type, in all objects of a list."""
    if isinstance(node, list):
        for entry in node:
            spoil(entry, path)
    elif isinstance(node, dict) and path[0] in node:
        if path[1:]:
            spoil(node[path[0]], path[1:])
        else:
            wrong = "spoilt" if isinstance(node[path[0]], dict | list) else {"spoilt": True}
            node[path[0]] = wrong


def dig(item: Any, steps: tuple[str, ...]) -> Any:
    """Return what lies at a path, or None."""
    for step in steps:
        item = item.get(step) if isinstance(item, dict) else None
    return item
