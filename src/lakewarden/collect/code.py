"""What code runs: allow lists of artifacts, one call a type, and global init scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.objects import ask_one
from lakewarden.collect.task import Task, collects
from lakewarden.estate.code import ARTIFACT_ALLOW_LISTS
from lakewarden.estate.fact import Cause, Fact
from lakewarden.estate.secrets import INIT_SCRIPTS, InitScript
from lakewarden.semantics.secret_shapes import shapes_in_script

_SCRIPTS: Final = "/api/2.0/global-init-scripts"


@collects(ARTIFACT_ALLOW_LISTS)
def artifact_allow_lists(task: Task) -> Iterator[Any]:
    """Read what clusters in standard access mode may load, one call a type."""

    def one(key: str) -> Any:
        return ask_one(task, task.path.replace("{key}", key), {"name": key})

    yield from task.fan_out(one, task.keys)


@collects(INIT_SCRIPTS)
def init_scripts(task: Task) -> Iterator[Any]:
    """Read every global init script; its text is not kept."""

    def one(item: Mapping[str, Any]) -> Any:
        return _with_text(task, task.record(item))

    yield from task.fan_out(one, _scripts(task))


def _scripts(task: Task) -> Iterator[Mapping[str, Any]]:
    trust = task.trust_empty
    try:
        yield from items(task.databricks.get, _SCRIPTS, "scripts", Paging.ONCE, trust_empty=trust)
    except CallFailedError as error:
        raise CallFailedError(error.cause, error.detail, source=f"GET {_SCRIPTS}") from None


def _with_text(task: Task, script: InitScript) -> InitScript:
    """Return a script with what is kept of its text, or with why that is not known."""
    try:
        text = _text(task.databricks.get(f"{_SCRIPTS}/{script.id}"))
    except CallFailedError as error:
        gap = task.gap(error)
        unread = Fact[Any].unread
        return replace(script, sha256=unread(gap, "sha256"), withheld=unread(gap, "withheld"))
    source = task.kind.source
    return replace(
        script,
        sha256=Fact.of(hashlib.sha256(text).hexdigest(), source, "sha256"),
        withheld=Fact.of(shapes_in_script(text.decode("utf-8", "replace")), source, "withheld"),
    )


def _text(answer: Any) -> bytes:
    if not isinstance(answer, Mapping):
        raise CallFailedError(Cause.MALFORMED, "the answer is not an object")
    if "script" not in answer:
        raise CallFailedError(Cause.MISSING_FIELD, "no script in the answer")
    try:
        return base64.b64decode(answer["script"], validate=True)
    except (TypeError, ValueError):
        raise CallFailedError(Cause.MALFORMED, "script is not in base64") from None
