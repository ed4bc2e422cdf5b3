"""Nothing ends what the caller signs in with: tokens, secrets, passwords.

Which of their tokens or secrets a caller shows is not known here, so that each of them counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lakewarden.estate.access import AUTHORIZATION, TOKENS, Grantee, Token
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.activity import LOGINS
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    PERMISSION_ASSIGNMENTS,
    WORKSPACE_GROUPS,
)
from lakewarden.guards.after import Json, document_after
from lakewarden.guards.directory import Directory, directory_of
from lakewarden.guards.guard import Given, Guard, Refusal
from lakewarden.plan.change import Action, Change

NAME: Final = "credentials"
_SWITCH: Final = "enableTokensConfig"
_TOKEN_LIST: Final = "authorization/tokens"  # noqa: S105  # the name of a list
_PASSWORD_LIST: Final = "authorization/passwords"  # noqa: S105  # likewise
_SECRET: Final = "service_principal_secret"  # noqa: S105  # the name of a resource kind
_LIST: Final = "access_control_list"
_USE: Final = frozenset({"CAN_USE", "CAN_MANAGE"})
_BY_PASSWORD: Final = frozenset({"login", "passwordVerifyAuthentication"})
"""The logins of a password, as the audit log calls them."""
_OAUTH: Final = "Sign in by OAuth instead of with a token, and carry it out then"


def _refuse(given: Given) -> Iterator[Refusal]:
    people = directory_of(given.estate)
    for change in given.plan.changes:
        if not _is_about(change):
            continue
        try:
            yield from _of(given, people, change)
        except UnreadError as error:
            why = f"nobody can tell whether it ends what the caller signs in with: {error.gap}"
            step = "Make that readable, or leave it out with --exclude-control"
            yield Refusal(change.address, NAME, why, step)


def _of(given: Given, people: Directory, change: Change) -> Iterator[Refusal]:
    target = change.target
    if target.kind == _SECRET:
        yield from _secret(given, change)
    elif target.key == _PASSWORD_LIST:
        yield from _passwords(given, people, change)
    elif not given.caller.by_token:
        return
    elif target.kind == "token":
        yield from _token(given, people, change)
    elif target.kind == "workspace_conf":
        if str((change.after or {}).get("/value")).lower() == "false":
            why = f"{given.caller.name} signs in with a token, and tokens would be switched off"
            yield Refusal(change.address, NAME, why, _OAUTH)
    else:
        yield from _token_list(given, people, change)


def _token(given: Given, people: Directory, change: Change) -> Iterator[Refusal]:
    """Yield whether a token of the caller ends, or may do less."""
    before, after = change.before or {}, change.after
    if after is not None and all(before.get(p) == after[p] for p in after if p != "/comment"):
        return
    workspace = _workspace(given.estate, change)
    token = given.estate.find(TOKENS, change.target.key, workspace)
    if token is not None and _is_own(given, people, token):
        why = f"the token may be the one that {given.caller.name} signs in with"
        yield Refusal(change.address, NAME, why, _OAUTH)


def _is_own(given: Given, people: Directory, token: Token) -> bool:
    caller = given.caller.user.lower()
    own = people.id_of(caller)
    return str(token.owner_id.get()) == own if own else token.creator.get().lower() == caller


def _token_list(given: Given, people: Directory, change: Change) -> Iterator[Refusal]:
    """Yield whether the caller may use tokens no more; admins always may."""
    workspace = _workspace(given.estate, change)
    if _is_admin(given, people, workspace) or _holds(_names(given), _entries_after(given, change)):
        return
    why = f"{given.caller.name} signs in with a token and would no longer be allowed to"
    step = f"Name them under access.token_principals of lakewarden.toml. {_OAUTH}"
    yield Refusal(change.address, NAME, why, step)


def _secret(given: Given, change: Change) -> Iterator[Refusal]:
    """Yield whether a secret of the caller, a service principal, ends."""
    if change.action is Action.CREATE or given.caller.by_token:
        return
    principal = change.target.key.partition("/")[0]
    machine = given.estate.find(ACCOUNT_SERVICE_PRINCIPALS, principal)
    if machine is not None and machine.application_id.get() == given.caller.user:
        why = f"the secret may be the one that {given.caller.name} signs in with"
        step = "Have another admin carry it out, or sign in by token federation"
        yield Refusal(change.address, NAME, why, step)


def _passwords(given: Given, people: Directory, change: Change) -> Iterator[Refusal]:
    """Yield whether somebody for emergencies, or the caller, loses the password they come with."""
    workspace = _workspace(given.estate, change)
    before = _entries(given.estate, workspace, change.target.key)
    after = _entries_after(given, change)
    emergency = {name.lower() for name in given.policy.break_glass}
    emergency |= {"users"} if emergency else set()
    if _holds(emergency, before) and not _holds(emergency, after):
        why = "nobody for emergencies could sign in with a password any more"
        step = "Leave those on the list whom access.break_glass of lakewarden.toml names"
        yield Refusal(change.address, NAME, why, step)
    own = _names(given) | ({"admins"} if _is_admin(given, people, workspace) else set())
    if _holds(own, before) and not _holds(own, after) and _comes_by_password(given):
        why = f"{given.caller.name} signs in with a password and would no longer be allowed to"
        yield Refusal(change.address, NAME, why, "Sign in by single sign-on, and carry it out then")


def _comes_by_password(given: Given) -> bool:
    """Return whether the logs show it; neither tokens nor service principals have passwords.

    Raises:
        UnreadError: users or logs were not read.
    """
    caller = given.caller.user.lower()
    users = (user.name.get().lower() for user in given.estate.of(ACCOUNT_USERS).each())
    if given.caller.by_token or caller not in users:
        return False
    logins = given.estate.of(LOGINS).each()
    return any(one.user.lower() == caller and one.action in _BY_PASSWORD for one in logins)


def _is_admin(given: Given, people: Directory, workspace: Workspace) -> bool:
    return people.id_of(given.caller.user) in people.workspace_admins(str(workspace.id))


def _names(given: Given) -> set[str]:
    """Return what an entry may call the caller; everybody is in the group of users."""
    names = (given.caller.user, *given.caller.groups, "users")
    return {name.lower() for name in names if name}


def _entries(estate: Estate, workspace: Workspace, key: str) -> list[Json]:
    """Return the entries of a list as it was read, one for each level that is its own."""
    acl = estate.need(AUTHORIZATION, key.rpartition("/")[2], workspace).acl.get()
    return [
        {**_who(grantee), "permission_level": held.permission_level}
        for grantee in acl
        for held in grantee.all_permissions
        if not held.inherited
    ]


def _who(grantee: Grantee) -> dict[str, str]:
    names = {
        "user_name": grantee.user_name,
        "group_name": grantee.group_name,
        "service_principal_name": grantee.service_principal_name,
    }
    return {key: name for key, name in names.items() if name}


def _entries_after(given: Given, change: Change) -> list[Json]:
    workspace = _workspace(given.estate, change)
    found = {_LIST: _entries(given.estate, workspace, change.target.key)}
    return list((document_after(found, change) or {}).get(_LIST) or ())


def _holds(names: set[str], entries: Iterable[Json]) -> bool:
    keys = ("user_name", "group_name", "service_principal_name")
    return any(
        entry.get("permission_level") in _USE and names & {str(entry.get(k)).lower() for k in keys}
        for entry in entries
    )


def _workspace(estate: Estate, change: Change) -> Workspace:
    return estate.need(WORKSPACES, change.target.scope.partition("/")[2])


def _is_about(change: Change) -> bool:
    kind, key = change.target.kind, change.target.key
    return (
        kind in {"token", _SECRET}
        or (kind == "workspace_conf" and key == _SWITCH)
        or (kind == "permissions" and key in {_TOKEN_LIST, _PASSWORD_LIST})
    )


GUARD: Final = Guard(
    NAME,
    _refuse,
    _is_about,
    (
        WORKSPACES.need(),
        TOKENS.need(),
        AUTHORIZATION.need("tokens"),
        AUTHORIZATION.need("passwords"),
        ACCOUNT_USERS.need(),
        ACCOUNT_GROUPS.need(),
        ACCOUNT_SERVICE_PRINCIPALS.need(),
        WORKSPACE_GROUPS.need(),
        PERMISSION_ASSIGNMENTS.need(),
        LOGINS.need(),
    ),
)
