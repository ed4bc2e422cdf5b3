"""Reading the text of `lakewarden.toml`: every mistake is one error that names its place."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from ipaddress import ip_network
from typing import Any, Final, NoReturn, TypeVar

from lakewarden.errors import PolicyFileError
from lakewarden.policyfile.limits import Limits, Posture
from lakewarden.policyfile.pattern import fault
from lakewarden.policyfile.policy import Attestation, Choice, Policy, Waiver
from lakewarden.policyfile.scope import Scope
from lakewarden.policyfile.sinks import sinks
from lakewarden.policyfile.watching import mistake

E = TypeVar("E", Waiver, Attestation)

_PEOPLE: Final = ("admin_patterns", "admin_groups", "scim_agents")
_TABLES: Final = {
    "": frozenset(
        {
            *("posture", "limits", "scopes", "include", "exclude"),
            *("access", "network", "aws", "libraries", "tags", "code", "data"),
            *("costs", "deployment", "waivers", "attestations", "watch"),
            *("sinks", "recover"),
        }
    ),
    "include": frozenset({"controls", "workspaces"}),
    "exclude": frozenset({"controls", "workspaces"}),
    "scopes": frozenset({"name", "workspaces", "tags", "posture", "limits", "exclude"}),
    "access": frozenset(
        {
            "token_principals",
            "deploy_principals",
            "cluster_creators",
            "break_glass",
            "sso_methods",
            "git_hosts",
            *_PEOPLE,
        }
    ),
    "network": frozenset({"inspected_gateways", "allowed_destinations", "admitted_networks"}),
    "aws": frozenset(
        {
            *("trusted_networks", "guardians", "key_users", "passed_roles", "written_buckets"),
            *("flow_log_bucket", "trail_key", "version_days"),
        }
    ),
    "libraries": frozenset({"repositories", "init_scripts", "containers"}),
    "tags": frozenset({"required", "values", "defaults"}),
    "code": frozenset({"production_tags", "app_scopes"}),
    "data": frozenset(
        {
            *("regulated_tags", "sensitive_tags", "sensitive_catalogs", "sharing_principals"),
            *("recipient_addresses", "metastore_admins", "secret_owners", "default_catalogs"),
        }
    ),
    "costs": frozenset({"alert", "monthly"}),
    "deployment": frozenset({"workspace_urls", "trust_empty_answers"}),
}
_AWS_TEXTS: Final = ("flow_log_bucket", "trail_key")
_AWS_SINGLE: Final = frozenset({*_AWS_TEXTS, "version_days"})
"""The names under `aws` that are no lists."""
_GREATEST: Final = 36_500
"""A hundred years of days; more than any limit means anything by."""


def parse(text: str, *, file: str, today: date, controls: Collection[str]) -> Policy:
    """Return the policy that a file describes.

    Args:
        text: the TOML text.
        file: the file's name, for errors.
        today: a waiver that expired before it is refused.
        controls: the ids of all controls, so that a misspelt one is noticed.

    Raises:
        PolicyFileError: with the place and the next step.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyFileError(
            f"not valid TOML: {error}", where=file, next_step="Correct that line"
        ) from None
    return _Reader(file, today, controls).policy(tables)


class _Reader:
    """Walks the tables of one file."""

    def __init__(self, file: str, today: date, controls: Collection[str]) -> None:
        self._file = file
        self._today = today
        self._controls = controls

    def policy(self, tables: Mapping[str, Any]) -> Policy:
        self._known("", tables, _TABLES[""])
        access = self._table(tables, "access")
        self._patterns("access.admin_patterns", access.get("admin_patterns", []))
        deployment = self._table(tables, "deployment")
        network = self._table(tables, "network")
        names: dict[str, Any] = {k: self._tuple(access, "access", k) for k in access}
        names |= {k: self._tuple(network, "network", k) for k in network}
        self._networks("network.admitted_networks", network.get("admitted_networks", []))
        return Policy(
            posture=self._posture("posture", tables.get("posture", Posture.STANDARD.value)),
            thresholds=self._limits("limits", tables.get("limits", {})),
            scopes=tuple(self._scopes(tables)),
            include=self._choice(tables, "include"),
            exclude=self._choice(tables, "exclude"),
            waivers=tuple(self._entries(tables, "waivers", Waiver)),
            attestations=tuple(self._entries(tables, "attestations", Attestation)),
            workspace_urls=self._urls(deployment.get("workspace_urls", {})),
            trust_empty_answers=self._bool(deployment, "deployment", "trust_empty_answers"),
            watch=self._watch(tables.get("watch", {})),
            recover=self._maps(tables.get("recover", {})),
            sinks=sinks(tables.get("sinks", []), self._fail),
            source=self._file,
            **names,
            **self._code(tables),
            **self._data(tables),
            **self._costs(tables),
            **self._aws(tables),
        )

    def _watch(self, table: object) -> dict[str, Any]:
        """Return what detection rules ask for."""
        if not isinstance(table, Mapping):
            self._fail("watch", "is not a table", "Write [watch] above its values")
        for name, value in table.items():
            wrong = mistake(str(name), value)
            if wrong:
                self._fail(f"watch.{name}", *wrong)
        return dict(table)

    def _maps(self, table: object) -> dict[str, Mapping[str, str]]:
        """Return what is called otherwise where a backup goes."""
        if not isinstance(table, Mapping):
            self._fail("recover", "is not a table", "Write [recover.principals] above its values")
        for name, value in table.items():
            if not isinstance(value, Mapping):
                step = "Write names beside names, as in principals = { old = 'new' }"
                self._fail(f"recover.{name}", "is not a table", step)
        return dict(table)

    def _data(self, tables: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is sensitive, who may share data, and who answers for what."""
        data = self._table(tables, "data")
        owners, catalogs = data.get("secret_owners", {}), data.get("default_catalogs", {})
        return {
            "recipient_addresses": self._addresses(data.get("recipient_addresses", {})),
            "metastore_admins": self._text(data, "data", "metastore_admins"),
            "secret_owners": self._tags("data.secret_owners", owners),
            "default_catalogs": self._tags("data.default_catalogs", catalogs),
            "regulated_tags": self._tags("data.regulated_tags", data.get("regulated_tags", {})),
            "sensitive_tags": self._tags("data.sensitive_tags", data.get("sensitive_tags", {})),
            "sensitive_catalogs": self._tuple(data, "data", "sensitive_catalogs"),
            "sharing_principals": self._tuple(data, "data", "sharing_principals"),
        }

    def _aws(self, tables: Mapping[str, Any]) -> dict[str, Any]:
        """Return who keeps access in AWS, and where its logs go."""
        aws = self._table(tables, "aws")
        days = aws.get("version_days", 0)
        if type(days) is not int or ("version_days" in aws and not 0 < days <= _GREATEST):
            what = f"{days!r} is no number of days"
            self._fail("aws.version_days", what, f"Write one from 1 to {_GREATEST}")
        bucket, key = (self._text(aws, "aws", name) for name in _AWS_TEXTS)
        lists = {k: self._tuple(aws, "aws", k) for k in aws if k not in _AWS_SINGLE}
        return {**lists, "flow_log_bucket": bucket, "trail_key": key, "version_days": days}

    def _addresses(self, table: object) -> dict[str, tuple[str, ...]]:
        """Return the addresses of recipients, each an address or a range of them."""
        place = "data.recipient_addresses"
        if not isinstance(table, Mapping):
            self._fail(place, "is not a table", 'Write it as { partner = ["192.0.2.0/24"] }')
        found = {str(name): self._tuple(table, place, name) for name in table}
        for name, entry in ((n, e) for n, entries in found.items() for e in entries):
            try:
                ip_network(entry)
            except ValueError:
                what = f"{entry!r} is no address and no range of them"
                self._fail(f"{place}.{name}", what, "Write it as 192.0.2.7 or as 192.0.2.0/24")
        return found

    def _costs(self, tables: Mapping[str, Any]) -> dict[str, Any]:
        """Return who is told of costs, and from which sum on."""
        costs = self._table(tables, "costs")
        monthly = costs.get("monthly", 0)
        if type(monthly) is not int or ("monthly" in costs and monthly < 1):
            self._fail("costs.monthly", f"{monthly!r} is no sum", "Write whole dollars above 0")
        return {"cost_alerts": self._tuple(costs, "costs", "alert"), "monthly_cost": monthly}

    def _code(self, tables: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is wanted of code and of tags."""
        libraries, tags = self._table(tables, "libraries"), self._table(tables, "tags")
        required, values = tags.get("required", []), tags.get("values", {})
        self._known("tags.values", values, required)
        code = self._table(tables, "code")
        production = code.get("production_tags", {})
        return {
            "repositories": self._tuple(libraries, "libraries", "repositories"),
            "init_scripts": self._tuple(libraries, "libraries", "init_scripts"),
            "containers": self._bool(libraries, "libraries", "containers"),
            "required_tags": self._tuple(tags, "tags", "required"),
            "tag_values": {key: self._tuple(values, "tags.values", key) for key in values},
            "tag_defaults": self._defaults(tags.get("defaults", {}), required),
            "production_tags": self._tags("code.production_tags", production),
            "app_scopes": self._tuple(code, "code", "app_scopes"),
        }

    def _defaults(self, table: object, required: Collection[str]) -> dict[str, dict[str, str]]:
        """Return the tags that things without them get, by the names of workspaces."""
        place = "tags.defaults"
        if not isinstance(table, Mapping):
            self._fail(place, "is not a table", 'Write it as { "prod-*" = { Owner = "sales" } }')
        for name, tags in table.items():
            self._known(f"{place}.{name}", tags, required)
        return {str(name): self._tags(f"{place}.{name}", tags) for name, tags in table.items()}

    def _tuple(self, table: Mapping[str, Any], place: str, name: str) -> tuple[str, ...]:
        return tuple(self._names(table, name, f"{place}.{name}"))

    def _text(self, table: Mapping[str, Any], place: str, name: str) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            self._fail(f"{place}.{name}", f"{value!r} is not a text", "Write it in quotes")
        return value

    def _patterns(self, place: str, patterns: Collection[Any]) -> None:
        """Insist that what is text in a list is a regular expression."""
        for pattern in filter(lambda p: isinstance(p, str), patterns):
            if wrong := fault(pattern):
                what = f"{pattern!r} is no regular expression: {wrong}"
                self._fail(place, what, "Correct it; ^adm- is one")

    def _networks(self, place: str, networks: Collection[Any]) -> None:
        """Insist that what is text in a list is an IPv4 address or network."""
        for network in filter(lambda n: isinstance(n, str), networks):
            try:
                ipaddress.IPv4Network(network)
            except ValueError as error:
                self._fail(place, f"{network!r} is no network: {error}", "Write 203.0.113.0/24")

    def _fail(self, place: str, what: str, next_step: str) -> NoReturn:
        where = f"{self._file}: {place}" if place else self._file
        raise PolicyFileError(what, where=where, next_step=next_step)

    def _known(self, place: str, table: object, allowed: Collection[str]) -> None:
        if not isinstance(table, Mapping):
            self._fail(place, "is not a table", "Write it as name = value lines under its heading")
        for name in table:
            if name not in allowed:
                close = difflib.get_close_matches(name, allowed, 1)
                hint = f"Did you mean {close[0]}?" if close else f"Use {', '.join(sorted(allowed))}"
                self._fail(place, f"unknown name {name!r}", hint)

    def _table(self, tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        table = tables.get(name, {})
        self._known(name, table, _TABLES[name])
        found: Mapping[str, Any] = table
        return found

    def _posture(self, place: str, value: object) -> Posture:
        try:
            return Posture(str(value))
        except ValueError:
            self._fail(place, f"{value!r} is no posture", 'Use "standard" or "high"')

    def _limits(self, place: str, table: Mapping[str, Any]) -> Mapping[str, int]:
        self._known(place, table, Limits.__slots__)
        for name, value in table.items():
            if type(value) is not int or not 0 < value <= _GREATEST:
                self._fail(
                    f"{place}.{name}",
                    f"{value!r} is no whole number",
                    f"Write one from 1 to {_GREATEST}",
                )
        return dict(table)

    def _scopes(self, tables: Mapping[str, Any]) -> Iterator[Scope]:
        entries = tables.get("scopes", [])
        if not isinstance(entries, list):
            self._fail("scopes", "is not a list of tables", "Write each as [[scopes]]")
        for number, table in enumerate(entries, 1):
            yield self._scope(f"scopes[{number}]", table)

    def _scope(self, place: str, table: Mapping[str, Any]) -> Scope:
        self._known(place, table, _TABLES["scopes"])
        if not isinstance(table.get("name"), str) or not table["name"]:
            self._fail(place, "has no name", 'Add name = "sensitive", or what people call it')
        workspaces = self._names(table, "workspaces", f"{place}.workspaces")
        tags = self._tags(f"{place}.tags", table.get("tags", {}))
        if not workspaces and not tags:
            self._fail(place, "covers no workspace", "Give it workspaces = [...] or tags = {...}")
        excluded = self._names(table, "exclude", f"{place}.exclude")
        for control in excluded:
            self._control(f"{place}.exclude", control)
        return Scope(
            table["name"],
            frozenset(workspaces),
            tags,
            self._posture(f"{place}.posture", table["posture"]) if "posture" in table else None,
            self._limits(f"{place}.limits", table.get("limits", {})),
            frozenset(excluded),
        )

    def _tags(self, place: str, table: object) -> dict[str, str]:
        if not isinstance(table, Mapping) or not all(isinstance(v, str) for v in table.values()):
            self._fail(place, "is not a table of texts", 'Write it as { Sensitivity = "high" }')
        return dict(table)

    def _choice(self, tables: Mapping[str, Any], name: str) -> Choice:
        table = self._table(tables, name)
        controls = self._names(table, "controls", f"{name}.controls")
        for control in controls:
            self._control(f"{name}.controls", control)
        workspaces = self._names(table, "workspaces", f"{name}.workspaces")
        return Choice(frozenset(controls), frozenset(workspaces))

    def _names(self, table: Mapping[str, Any], name: str, place: str) -> list[str]:
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            self._fail(place, "is not a list of names", 'Write it as ["name", "name"]')
        return value

    def _bool(self, table: Mapping[str, Any], place: str, name: str) -> bool:
        value = table.get(name, False)
        if not isinstance(value, bool):
            self._fail(f"{place}.{name}", f"{value!r} is not true or false", "Use true or false")
        return value

    def _urls(self, table: object) -> dict[str, str]:
        place = "deployment.workspace_urls"
        if not isinstance(table, Mapping):
            self._fail(place, "is not a table", 'Write it as { "1234" = "https://host" }')
        for workspace, url in table.items():
            if not workspace.isdigit():
                self._fail(place, f"{workspace!r} is no workspace id", "Use the numeric id")
            if not isinstance(url, str) or not url.startswith(("https://", "http://")):
                self._fail(place, f"{url!r} is no URL", "Begin it with https://")
        return {str(workspace): str(url) for workspace, url in table.items()}

    def _entries(self, tables: Mapping[str, Any], name: str, entry: type[E]) -> list[E]:
        entries = tables.get(name, [])
        if not isinstance(entries, list):
            self._fail(name, "is not a list of tables", f"Write each as [[{name}]]")
        return [self._entry(f"{name}[{n}]", table, entry) for n, table in enumerate(entries, 1)]

    def _entry(self, place: str, table: object, entry: type[E]) -> E:
        fields = [f.name for f in dataclasses.fields(entry)]
        self._known(place, table, fields)
        values: dict[str, Any] = dict(table)  # type: ignore[call-overload]  # _known checked it
        for field in fields:
            if field not in values:
                self._fail(place, f"has no {field}", f"Add {field} to it")
            if field != "expires" and not (isinstance(values[field], str) and values[field]):
                self._fail(f"{place}.{field}", "is not a text", "Write it in quotes")
        self._expiry(place, values["expires"], final=entry is Waiver)
        self._control(f"{place}.control", values["control"])
        return entry(**values)

    def _control(self, place: str, identity: str) -> None:
        if identity not in self._controls:
            close = difflib.get_close_matches(identity, self._controls, 1)
            hint = f"Did you mean {close[0]}?" if close else "See `lakewarden controls`"
            self._fail(place, f"no control {identity!r}", hint)

    def _expiry(self, place: str, value: object, *, final: bool) -> None:
        if type(value) is not date:
            self._fail(f"{place}.expires", f"{value!r} is no date", "Write it as 2027-01-31")
        if final and value < self._today:
            self._fail(
                f"{place}.expires",
                f"expired on {value}",
                "Renew it with a new date, or remove it",
            )
