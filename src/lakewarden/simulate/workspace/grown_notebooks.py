"""Notebooks in any number: forty to a folder, their source made when somebody asks for it.

All of a notebook follows from its number: its language, a source of one to eight KB, and (for one
in five) access entries of its own. One folder in four has such entries too.
"""

from __future__ import annotations

from lakewarden.simulate.state import DAY_MS, Json, Workspace
from lakewarden.simulate.workspace import identity
from lakewarden.simulate.workspace.folders import folders
from lakewarden.simulate.workspace.sources import language
from lakewarden.simulate.workspace.workspace_tree import KIND, acl_of, add, make_roots

ROOT = "/Shared/estate"
FOLDER_SIZE = 40
_LEVELS = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
_TEN = 10


def grow(workspace: Workspace, count: int, now: int) -> None:
    """Put ``count`` notebooks into a workspace, below `ROOT`."""
    make_roots(workspace)
    holders = _holders(workspace)
    _folder(workspace, ROOT, now)
    for number in range(count):
        path = f"{_path(number // FOLDER_SIZE)}/notebook {number}"
        if number % FOLDER_SIZE == 0:
            _nested(workspace, path.rpartition("/")[0], now)
            if number // FOLDER_SIZE % 4 == 0:
                _grant(workspace, path.rpartition("/")[0], holders, number)
        age = (number % 700 + 1) * DAY_MS // 2
        body = add(workspace, path, "NOTEBOOK", created_at=now - age, modified_at=now - age // 2)
        body |= {"language": language(number), "grown": number}
        if number % 5 == 0:
            _grant(workspace, path, holders, number)


def _path(folder: int) -> str:
    area, team, topic = folder // (_TEN * _TEN), folder // _TEN % _TEN, folder % _TEN
    return f"{ROOT}/area {area}/team {team}/topic {topic}"


def _holders(workspace: Workspace) -> list[Json]:
    """Everybody who may be named in an access list, but the groups that all workspaces have."""
    account, found = workspace.account, []
    for principal_id in identity.members(workspace):
        kind, body = identity.find(account, principal_id) or ("", {})
        key = identity.ACL_KEYS.get(kind)
        if key:
            found.append({key: body[identity.NAMES[kind]]})
    return found


def _nested(workspace: Workspace, path: str, now: int) -> None:
    if path not in folders(workspace, KIND):
        _nested(workspace, path.rpartition("/")[0], now)
        _folder(workspace, path, now)


def _folder(workspace: Workspace, path: str, now: int) -> None:
    add(workspace, path, "DIRECTORY", created_at=now)


def _grant(workspace: Workspace, path: str, holders: list[Json], number: int) -> None:
    kind, object_id = acl_of(workspace, folders(workspace, KIND)[path])
    record = workspace.table("acls")[f"{kind}/{object_id}"]
    for step in range(min(number % 3 + 1, len(holders))):
        holder = holders[(number + step) % len(holders)]
        record["entries"].append(holder | {"permission_level": _LEVELS[(number + step) % 4]})
