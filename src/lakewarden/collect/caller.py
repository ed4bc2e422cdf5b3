"""Who would carry a plan out: who signs in, with what, and where their calls come from."""

from __future__ import annotations

import ipaddress
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import call
from lakewarden.collect.doors import Reach
from lakewarden.errors import ConnectionFailedError, UsageError
from lakewarden.guards.guard import Caller
from lakewarden.store.audit_files import newest_first

_ME: Final = "/api/2.0/preview/scim/v2/Me"
_ACCOUNT_ME: Final = "/api/2.0/accounts/{account_id}/scim/v2/Me"
_OWN_GROUPS: Final = frozenset({"admins", "users"})
"""Groups that every workspace has for itself."""
_RECENT_MS: Final = 86_400_000
"""Addresses change; those of the last day before the caller's last call count."""


def read_caller(
    reach: Reach, workspaces: Mapping[str, str], addresses: Sequence[str] = ()
) -> Caller:
    """Return what can be found out about the caller; empty for what cannot.

    Args:
        reach: what the caller gave us to work with.
        workspaces: URLs of workspaces by id.
        addresses: where their calls come from, as they say; else the audit logs are asked.

    Raises:
        UsageError: an address is none, or there is no such folder of audit logs.
    """
    said = parse_addresses(addresses)
    found = _signed_in(reach, workspaces)
    return replace(
        found,
        addresses=said or _recorded(reach, found.user),
        aws_arn=_arn(reach) if reach.use_aws else "",
    )


def parse_addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses in some texts, each of which may hold several with commas in between.

    Raises:
        UsageError: one is neither an address nor a network.
    """
    found = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    for address in found:
        try:
            ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise UsageError(
                f"{address!r} is not an address",
                where="--caller-address",
                next_step="Give an address such as 198.51.100.7, or a network: 198.51.100.0/24",
            ) from None
    return tuple(dict.fromkeys(found))


def _signed_in(reach: Reach, workspaces: Mapping[str, str]) -> Caller:
    """Return what the first host says that knows the caller, or else what they sign in with."""
    last = Caller()
    for path, host in _hosts(reach, workspaces):
        me = _me(host, path)
        name = me.get("userName") or me.get("applicationId")
        user = str(name or host.signed_in_as)
        groups = {str(group.get("display") or "") for group in me.get("groups") or ()}
        last = Caller(
            user=user,
            display=str(me.get("displayName") or user),
            groups=tuple(sorted(groups - _OWN_GROUPS - {""})),
            by_token=host.by_token,
        )
        if name:
            break
    return last


def _hosts(reach: Reach, workspaces: Mapping[str, str]) -> Iterator[tuple[str, DatabricksHost]]:
    """Yield the hosts that can be opened, with where each says who the caller is."""
    urls = [*workspaces.values(), *([reach.workspace_host] if reach.workspace_host else [])]
    ways = [(_ME, partial(reach.workspace, url)) for url in dict.fromkeys(urls)]
    if reach.account_host:
        ways.append((_ACCOUNT_ME.format(account_id=reach.account_id), partial(reach.account)))
    for path, way in ways:
        with suppress(ConnectionFailedError):
            yield path, way()


def _me(host: DatabricksHost, path: str) -> Mapping[str, Any]:
    try:
        found = host.get(path)
    except CallFailedError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _arn(reach: Reach) -> str:
    """Return the ARN of the caller in AWS; for a session that of its role, with its path."""
    try:
        aws = reach.aws()
        sts = aws.client("sts", aws.region or "us-east-1")
        arn = str(call(sts.get_caller_identity, source="sts:GetCallerIdentity")["Arn"])
    except (ConnectionFailedError, CallFailedError, KeyError):
        return ""
    fields = arn.split(":", 5)
    if fields[2:3] != ["sts"] or not fields[-1].startswith("assumed-role/"):
        return arn
    return _role(aws, fields[-1].split("/")[1]) or arn


def _role(aws: AwsAccount, name: str) -> str:
    client = aws.client("iam", "us-east-1")
    try:
        return str(call(client.get_role, source="iam:GetRole", RoleName=name)["Role"]["Arn"])
    except (CallFailedError, KeyError):
        return ""


def _recorded(reach: Reach, user: str) -> tuple[str, ...]:
    """Return where the caller's calls of their last day came from, as delivered logs have it.

    Logs are read back from the newest day, and no further than they can matter.
    """
    if reach.events is None or not user:
        return ()
    since = (datetime.now(UTC) - timedelta(days=reach.event_days)).timestamp() * 1000
    seen = dict[str, int]()
    for day in itertools.islice(newest_first(reach.events), reach.event_days + 2):
        known = bool(seen)
        for address, moment in _calls(day, user.lower()):
            if moment >= since:
                seen[address] = max(moment, seen.get(address, 0))
        if known:
            break
    latest = max(seen.values(), default=0)
    return tuple(sorted(a for a, moment in seen.items() if latest - moment <= _RECENT_MS))


def _calls(lines: Iterable[tuple[str, str | None]], user: str) -> Iterator[tuple[str, int]]:
    """Yield the address and the moment (ms) of each call of a user; what cannot be read is none."""
    for _, line in lines:
        if line is None or user not in line.lower():
            continue
        try:
            event = json.loads(line)
            name = str((event.get("userIdentity") or {}).get("email") or "")
            address = str(ipaddress.ip_address(event.get("sourceIPAddress") or ""))
            moment = int(event["timestamp"])
        except (ValueError, TypeError, AttributeError, KeyError):
            continue
        if name.lower() == user:
            yield address, moment
