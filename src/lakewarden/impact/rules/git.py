"""Git folders: repositories that are not on the list of those that may be cloned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.impact.event import Event
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 9
_SWITCH: Final = "enableProjectsAllowList"
_LIST: Final = "projectsAllowList"
_REACH: Final = "projectsAllowListPermissions"
_KEYS: Final = (_SWITCH, _LIST, _REACH)
_CLONING: Final = "ALLOWLISTED_CLONE_COMMIT_PUSH"
"""The value with which the list covers cloning, and not just what is written back."""
_CREATE: Final = ("repos", "createRepo")
_EVENTS: Final = frozenset({_CREATE, ("repos", "commitAndPush")})


def _judges(change: Change) -> bool:
    return change.target.kind == "workspace_conf" and change.target.key in _KEYS


def _rule(event: Event, state: State) -> Iterator[Reason]:
    if not state.is_on(event.scope, _SWITCH):
        return
    cloned = (event.service, event.action) == _CREATE
    if cloned and state.conf(event.scope, _REACH) != _CLONING:
        return
    url = event.param("url")
    if not url:
        yield Reason("the event does not say which repository it was", sure=False)
        return
    listed = (state.conf(event.scope, _LIST) or "").split(",")
    if not any(_covers(entry.strip(), url) for entry in listed if entry.strip()):
        yield Reason("the list of Git repositories does not name it", url)


def _covers(entry: str, url: str) -> bool:
    """Return whether an entry of the list is a repository, or a folder that it lies in."""
    entry, url = (text.lower().removesuffix(".git").rstrip("/") for text in (entry, url))
    return url == entry or url.startswith(f"{entry}/")


def _hides(change: Change) -> str:  # noqa: ARG001  # it is so for every key
    return "code that is pushed from a terminal of a cluster leaves no event"


_NEEDS: Final = tuple(WORKSPACE_CONF.need(key) for key in _KEYS)
FAMILIES: Final = (Family("git", _judges, _rule, _EVENTS, _NEEDS, _hides),)
