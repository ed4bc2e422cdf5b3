"""A request as variables of SMT-LIB: its caller, its resources, and its condition keys.

The caller is a kind, an account and a name; a resource is a text of the form that its type has. A
key is present or not, and has one value, or as many as a claim can tell apart. Keys that repeat
what the caller or the resource is are terms over those.
Source: Service Authorization Reference; IAM User Guide, "AWS global condition context keys".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lakewarden.proofs.facts.actions import ResourceType, catalogue
from lakewarden.proofs.facts.arns import Piece
from lakewarden.proofs.oracle import terms as t
from lakewarden.proofs.oracle.use import Use, has_many

KINDS: Final = ("root", "user", "role", "guest", "service", "provider", "nobody")
SIGNED: Final = ("root", "user", "role", "guest")
"""Callers that have an account and an ARN."""
ACTION: Final = "|action|"
KIND: Final = "|caller.kind|"
ACCOUNT: Final = "|caller.account|"
NAME: Final = "|caller.name|"
SESSION: Final = "|caller.session|"
ARN: Final = "|caller.arn|"
_ARNS: Final = {
    "root": ("iam", "root"),
    "user": ("iam", "user"),
    "role": ("iam", "role"),
    "guest": ("sts", "federated-user"),
}
_SHARED: Final = ("aws:resourcetag/", "aws:requesttag/", "aws:tagkeys", "aws:resourceaccount")

Slot = tuple[str, str]
"""Two terms: whether there is a value, and which."""


def is_kind(*kinds: str) -> str:
    """Return the term that the caller is of one of some kinds."""
    return t.either(*(t.equal(KIND, f"kind-{kind}") for kind in kinds))


@dataclass(slots=True)
class Wire:
    """One request, or one for several resources, of which everything is open so far.

    Attributes:
        action: as `s3:GetObject`; `glue:` for whatever a service may have that nobody listed.
        types: the types of its resources, by what sets their variables apart; an empty type is
            what an action without resources acts on.
        use: how the claim uses keys.
        partition: the partition of AWS that it all happens in.
        declared: the sort of each variable so far.
        rules: what holds of them by their making.
        asked: the keys that were asked for, with the resource that they belong to.
        laid: what each resource consists of.
    """

    action: str
    types: dict[str, str]
    use: Use
    partition: str = "aws"
    declared: dict[str, str] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)
    asked: dict[tuple[str, str], list[Slot]] = field(default_factory=dict)
    laid: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.declared |= {KIND: "Kind", ACCOUNT: "String"}
        self.declared |= {NAME: "String", SESSION: "String"}
        self.rules.append(t.is_like(ACCOUNT, t.DIGITS))
        self.rules.append(_name_rule())
        if self.is_open:
            self.declared[ACTION] = "String"
            # Actions have no case, so that small letters stand for all.
            self.rules.append(
                t.is_like(ACTION, t.in_row(t.exactly(self.action), t.some(t.chars("az"))))
            )
            listed = catalogue().actions(self.service).values()
            self.rules += (t.no(t.equal(ACTION, t.text(one.name.lower()))) for one in listed)
        for part in self.types:
            self._lay_out(part)

    @property
    def is_open(self) -> bool:
        """Return whether the action is any of a service that nobody listed."""
        return self.action.endswith(":")

    @property
    def service(self) -> str:
        """Return the service of the action."""
        return self.action.partition(":")[0]

    def variable(self, label: str, sort: str) -> str:
        """Return a variable's symbol, declared."""
        symbol = t.name(label)
        self.declared[symbol] = sort
        return symbol

    def resource(self, part: str) -> str:
        """Return the resource of a part."""
        return t.concat(*self.laid[part])

    def fields(self, part: str) -> tuple[str, ...] | None:
        """Return the six fields of a resource's ARN; None when it has none."""
        laid = self.laid[part]
        return laid[::2] if len(laid) > 1 else None

    def callers(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each kind of caller that has an ARN, and its six fields."""
        for kind, (service, rest) in _ARNS.items():
            last = t.text(rest) if kind == "root" else t.concat(t.text(f"{rest}/"), NAME)
            yield kind, ('"arn"', t.text(self.partition), t.text(service), '""', ACCOUNT, last)

    def slots(self, key: str, part: str) -> list[Slot]:
        """Return what a key may hold.

        Args:
            key: its one name.
            part: the resource whose request is meant.
        """
        at = part if key.startswith((*_SHARED, f"{self.service}:")) else ""
        if key in {"aws:resourceaccount", "aws:requestedregion"}:
            at = part
        found = self.asked.get((key, at))
        if found is None:
            found = self._lacking(key) or self._view(key, at) or self._open(key, at)
            self.asked[key, at] = found
        return found

    def has(self, key: str, part: str) -> str:
        """Return the term that a key is present."""
        return t.either(*(here for here, _ in self.slots(key, part)))

    def arn(self) -> str:
        """Return the caller's ARN; of no other than those who have one."""
        if ARN not in self.declared:
            self.declared[ARN] = "String"
            for kind, fields in self.callers():
                spaced = [piece for one in fields for piece in (one, '":"')][:-1]
                whole = t.equal(ARN, t.concat(*spaced))
                self.rules.append(t.call("=>", is_kind(kind), whole))
        return ARN

    def _lacking(self, key: str) -> list[Slot]:
        """Return a slot without a value for a key that AWS says no such request carries."""
        names = {key, key.replace("aws:resourcetag/", f"{self.service}:resourcetag/")}
        if key == "aws:resourceaccount":
            names.add(f"{self.service}:resourceaccount")
        if any(catalogue().carries(self.action, name) is not False for name in names):
            return []
        return [(t.FALSE, '""')]

    def _open(self, key: str, at: str) -> list[Slot]:
        sort = self.use.sorts.get(key, "String")
        count = self.use.slots.get(key, 1) if has_many(key) else 1
        label = f"{key}{at}"
        made = []
        for number in range(count):
            end = f"~{number}" if count > 1 else ""
            here = self.variable(f"has {label}{end}", "Bool")
            value = self.variable(f"{label}{end}", sort)
            made.append((here, value))
        return made

    def _view(self, key: str, at: str) -> list[Slot]:
        signed, service, unsigned = is_kind(*SIGNED), is_kind("service"), is_kind("nobody")
        account = t.call("ite", unsigned, '"anonymous"', ACCOUNT)
        seen = {
            "aws:principalaccount": (t.either(signed, unsigned), account),
            "aws:principaltype": (t.either(signed, unsigned), _type_term()),
            "aws:principalisawsservice": (
                t.either(signed, service),
                t.call("ite", service, '"true"', '"false"'),
            ),
            "aws:principalservicename": (service, NAME),
        }
        if key in seen:
            return [seen[key]]
        if key == "aws:principalarn":
            return [(signed, self.arn())]
        if key == "aws:username":
            return [(is_kind("user"), self._user())]
        return self._place(key, at)

    def _user(self) -> str:
        """Return the name that ends a user's ARN, after its path."""
        path, last = self.variable("caller.path", "String"), self.variable("caller.last", "String")
        self.rules.append(t.equal(NAME, t.concat(path, last)))
        ends = t.either(t.equal(path, '""'), t.call("str.suffixof", '"/"', path))
        self.rules.append(t.both(ends, t.no(t.call("str.contains", last, '"/"'))))
        return last

    def _place(self, key: str, at: str) -> list[Slot]:
        """Return the region or the account that a resource's ARN has, if its type's ARNs do."""
        kind, fields = self._type(at), self.fields(at) if at in self.laid else None
        if kind is None or fields is None:
            return []
        if key == "aws:requestedregion" and kind.arn.region.hole:
            return [(t.TRUE, fields[3])]
        if key == "aws:resourceaccount" and kind.arn.account.hole:
            return [(t.TRUE, fields[4])]
        return []

    def _type(self, part: str) -> ResourceType | None:
        name = self.types.get(part, "")
        return catalogue().resource(self.service, name) if name else None

    def _lay_out(self, part: str) -> None:
        kind = self._type(part)
        if kind is not None:
            self.laid[part] = self._arn(part, kind)
            return
        symbol = self.variable(f"resource{part}", "String")
        self.laid[part] = (symbol,)
        known = catalogue().action(self.action) is not None
        here = t.equal(symbol, '"*"') if known else t.no(t.equal(symbol, '""'))
        self.rules.append(here)

    def _arn(self, part: str, kind: ResourceType) -> tuple[str, ...]:
        """Return an ARN of a type, field by field, with the colons in between."""
        form = kind.arn
        rest = tuple(_piece(p, t.some(t.PLAIN if p.plain else t.ANY)) for p in form.resource)
        holes = {
            "region": t.some(t.LABEL) if form.region.hole else "",
            "account": t.DIGITS if form.account.hole else "",
            "rest": t.in_row(*rest),
        }
        symbols = {}
        for label, regex in holes.items():
            if regex:
                symbols[label] = self.variable(f"{label} of resource{part}", "String")
                self.rules.append(t.is_like(symbols[label], regex))
        fields = (
            '"arn"',
            t.text(self.partition),
            t.text(form.service),
            symbols.get("region", t.text(form.region.text)),
            symbols.get("account", t.text(form.account.text)),
            symbols["rest"],
        )
        return tuple(piece for one in fields for piece in (one, '":"'))[:-1]


def _piece(piece: Piece, hole: str) -> str:
    return hole if piece.hole else t.exactly(piece.text)


def _name_rule() -> str:
    """Return what the names of callers look like."""
    service = t.is_like(NAME, t.some(t.LABEL))
    person = t.is_like(NAME, t.some(t.PATH))
    return t.both(
        t.call("=>", is_kind("service"), service),
        t.call("=>", is_kind("user", "role", "guest"), person),
        t.call("=>", is_kind("provider"), t.no(t.equal(NAME, '""'))),
    )


def _type_term() -> str:
    term = '"Anonymous"'
    for kind, word in (
        ("root", "Account"), ("user", "User"), ("role", "AssumedRole"), ("guest", "FederatedUser"),
    ):  # fmt: skip
        term = t.call("ite", is_kind(kind), t.text(word), term)
    return term
