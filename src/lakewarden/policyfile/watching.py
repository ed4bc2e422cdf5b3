"""`[watch]` of the policy file: what detection rules ask of the place that they run at.

Each value is declared in `watch/<area>.toml` with its type, its default, and the value that the
examples of rules assume. What other tables of the policy file say has the names of `_SHARED`.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from lakewarden.policyfile.pattern import fault

if TYPE_CHECKING:
    from lakewarden.policyfile.policy import Policy

_DURATION: Final = re.compile(r"\d+(ms|s|m|h|d)")
_DEPLOYER: Final = "5f1e7a10-0000-4000-8000-000000000001"
_SHARED: Final[Mapping[str, tuple[str, Any]]] = {
    "networks": ("network.admitted_networks", ["203.0.113.0/24", "2001:db8:1::/48"]),
    "break_glass": ("access.break_glass", ["breakglass@example.com"]),
    "admin_patterns": ("access.admin_patterns", ["^adm-"]),
    "admin_groups": ("access.admin_groups", ["account-admins"]),
    "deploy_principals": ("access.deploy_principals", [_DEPLOYER]),
    "git_hosts": ("access.git_hosts", ["https://git.example.com/"]),
    "repositories": ("libraries.repositories", ["https://pypi.example.com/"]),
    "scim_agents": ("access.scim_agents", ["SCIM"]),
    "sso_methods": ("access.sso_methods", ["BROWSER_BYO_IDP_SAML"]),
    "sensitive_catalogs": ("data.sensitive_catalogs", ["finance"]),
    "sharing_principals": ("data.sharing_principals", ["data-sharing"]),
    "app_scopes": ("code.app_scopes", ["sql"]),
}
"""Where the policy file has them, and what examples assume, by their names in rules."""
_LIMITS: Final[Mapping[str, int]] = {"token_days": 90, "support_hours": 48}
_LIFE: Final = "token_life"


def _token_life(days: int) -> str:
    """Return how long a token lives at most, and an hour, as its life begins after its event."""
    return f"{days * 24 + 1}h"


@dataclass(frozen=True, slots=True)
class Declared:
    """One value that rules may refer to.

    Attributes:
        area: the area of the rules that asked for it.
        type: `networks`, `texts`, `patterns`, `number`, `duration`, `hours`, `text`, `timezone`
            or `places`.
        about: what it is for.
        default: what holds where the policy file says nothing.
        example: what the examples of rules assume.
    """

    area: str
    type: str
    about: str
    default: Any
    example: Any


@cache
def declared() -> Mapping[str, Declared]:
    """Return every value of `[watch]`, by name."""
    found = {}
    for file in sorted(files(__package__).joinpath("watch").iterdir(), key=lambda f: f.name):
        area = file.name.removesuffix(".toml")
        for name, entry in tomllib.loads(file.read_text("utf-8")).items():
            found[name] = Declared(area, **entry)
    return found


def example_values() -> dict[str, Any]:
    """Return the values that the examples of rules assume, by name."""
    shared = {name: example for name, (_, example) in _SHARED.items()}
    life = {_LIFE: _token_life(_LIMITS["token_days"])}
    examples = {name: one.example for name, one in declared().items()}
    return {**shared, **_LIMITS, **life, **examples}


def values_of(policy: Policy) -> dict[str, Any]:
    """Return the values of a deployment, by name."""
    shared = {name: list(_read(policy, place)) for name, (place, _) in _SHARED.items()}
    limits: dict[str, Any] = {name: getattr(policy.limits, name) for name in _LIMITS}
    limits[_LIFE] = _token_life(limits["token_days"])
    defaults = {name: one.default for name, one in declared().items()}
    return defaults | shared | limits | dict(policy.watch)


def _read(policy: Policy, place: str) -> Any:
    return getattr(policy, place.partition(".")[2])


def written(name: str) -> str:
    """Return where the policy file says a value, `network.admitted_networks`."""
    if name in _LIMITS or name == _LIFE:
        return f"limits.{'token_days' if name == _LIFE else name}"
    return _SHARED[name][0] if name in _SHARED else f"watch.{name}"


def mistake(name: str, value: Any) -> tuple[str, str] | None:
    """Return what is wrong about a value of `[watch]`, and what to do; None where nothing is."""
    one = declared().get(name)
    if one is None:
        return "is no value that a rule asks for", "`lakewarden watch rules --site` lists them"
    problem = _TYPES[one.type](value)
    return (problem, f"It is {one.about}; for example {one.example!r}") if problem else None


def _list_of(check: Callable[[str], object], what: str) -> Callable[[Any], str]:
    def wrong(value: Any) -> str:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return f"{value!r} is no list of texts"
        for item in value:
            try:
                check(item)
            except ValueError:
                return f"{item!r} is no {what}"
        return ""

    return wrong


def _number(value: Any) -> str:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    fine = plain and 0 <= value < math.inf
    return "" if fine else f"{value!r} is no number from 0 on"


def _patterns(value: Any) -> str:
    wrong = _TYPES["texts"](value)
    if wrong:
        return wrong
    faults = ((item, fault(item)) for item in value)
    return next((f"{item!r} is no regular expression: {why}" for item, why in faults if why), "")


def _hours(value: Any) -> str:
    whole = isinstance(value, list) and all(type(hour) is int for hour in value)
    fine = whole and set(value) <= set(range(24))
    return "" if fine else f"{value!r} is no list of hours, from 0 to 23"


def _duration(value: Any) -> str:
    return "" if _DURATION.fullmatch(str(value)) else f"{value!r} is no duration, as 15m"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else f"{value!r} is no text"


def _places(value: Any) -> str:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return f"{value!r} is no list of tables; write each as [[watch.places]]"
    return next(filter(None, map(_place, value)), "")


def _place(entry: Mapping[str, Any]) -> str:
    checks = {**_SPOT, "radius_km": _number}
    for name in entry:
        if name not in checks:
            return f"{name} is no part of a place"
    for name in _SPOT:
        if name not in entry:
            return f"{name} is missing"
    return next(filter(None, (checks[name](given) for name, given in entry.items())), "")


def _network(value: Any) -> str:
    return _TYPES["networks"]([value])


def _country(value: Any) -> str:
    fine = isinstance(value, str) and re.fullmatch("[A-Z]{2}", value)
    return "" if fine else f"{value!r} is no country, as DE"


def _degrees(most: int) -> Callable[[Any], str]:
    def wrong(value: Any) -> str:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        fine = plain and -most <= value <= most
        return "" if fine else f"{value!r} is no number of degrees, from -{most} to {most}"

    return wrong


_SPOT: Final[Mapping[str, Callable[[Any], str]]] = {
    "network": _network,
    "country": _country,
    "lat": _degrees(90),
    "lon": _degrees(180),
}


def _timezone(value: Any) -> str:
    try:
        ZoneInfo(str(value))
    except (ValueError, OSError, KeyError):
        return f"{value!r} is no time zone"
    return ""


_TYPES: Final[Mapping[str, Callable[[Any], str]]] = {
    "networks": _list_of(ip_network, "network"),
    "texts": _list_of(str, "text"),
    "patterns": _patterns,
    "number": _number,
    "duration": _duration,
    "hours": _hours,
    "text": _text,
    "timezone": _timezone,
    "places": _places,
}
