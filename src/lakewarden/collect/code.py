"""What code runs: allow lists of artifacts, one call a type, and global init scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.objects import ask_one
from lakewarden.collect.task import Task, collects
from lakewarden.estate.code import ARTIFACT_ALLOW_LISTS, GLOBAL_INIT_SCRIPTS, GlobalInitScript
from lakewarden.estate.fact import Cause, Fact


@collects(ARTIFACT_ALLOW_LISTS)
def artifact_allow_lists(task: Task) -> Iterator[Any]:
    """Read what clusters in standard access mode may load, one call a type."""

    def one(key: str) -> Any:
        return ask_one(task, task.path.replace("{key}", key), {"name": key})

    yield from task.fan_out(one, task.keys)


@collects(GLOBAL_INIT_SCRIPTS)
def global_init_scripts(task: Task) -> Iterator[Any]:
    """Read every global init script; of its text nothing but the digest is kept."""
    listed = items(
        task.databricks.get, task.path, "scripts", Paging.ONCE, trust_empty=task.trust_empty
    )

    def one(item: Mapping[str, Any]) -> Any:
        return _with_digest(task, task.record(item))

    yield from task.fan_out(one, listed)


def _with_digest(task: Task, script: GlobalInitScript) -> GlobalInitScript:
    """Return a script with the SHA-256 of its text in hexadecimal, or why that is not known."""
    try:
        answer = task.databricks.get(f"{task.path}/{script.id}")
        text = base64.b64decode(answer["script"], validate=True)
    except CallFailedError as error:
        return replace(script, sha256=Fact.unread(task.gap(error), "sha256"))
    except (KeyError, TypeError, ValueError):
        gap = task.kind.gap(Cause.MALFORMED, "the text of the script cannot be read")
        return replace(script, sha256=Fact.unread(gap, "sha256"))
    digest = hashlib.sha256(text).hexdigest()
    return replace(script, sha256=Fact.of(digest, task.kind.source, "sha256"))
