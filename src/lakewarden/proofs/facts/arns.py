"""The form that the ARNs of a resource type have, taken apart.

Source: the Service Authorization Reference writes one as
`arn:${Partition}:ec2:${Region}::image/${ImageId}`; the IAM User Guide, "Identify AWS resources with
Amazon Resource Names", names the six fields.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_HOLE = re.compile(r"\$\{(\w+)\}")
_PLAIN = frozenset({
    "AccessPointName",
    "BucketName",
    "QueueName",
    "RoleName",
    "RoleSessionName",
    "StreamName",
    "TopicName",
    "UserName",
})  # fmt: skip
_FIELDS = {"Partition": r"[a-z-]+", "Region": r"[a-z0-9-]+", "Account": r"\d{12}"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an ARN's form: fixed text, or a hole that any name may fill.

    Args:
        text: the fixed text, or the name of the hole: `BucketName`.
        hole: whether it is a hole.
    """

    text: str
    hole: bool

    @property
    def plain(self) -> bool:
        """Whether what fills the hole holds neither a slash nor a colon.

        Ids that AWS hands out do not, nor do the names whose rules forbid both. Of all others
        nothing is claimed. A secret's id is a name.
        """
        named = self.text.endswith("Id") and self.text != "SecretId"
        return self.hole and (named or self.text in _PLAIN)

    @property
    def glob(self) -> str:
        """The piece as a policy would write it: `*` for a hole."""
        return "*" if self.hole else self.text

    @property
    def pattern(self) -> str:
        """A regular expression for what may stand there."""
        if not self.hole:
            return re.escape(self.text)
        return _FIELDS.get(self.text) or ("[^/:]+" if self.plain else ".+")


@dataclass(frozen=True, slots=True)
class ArnForm:
    """The form of a resource type's ARNs.

    Args:
        service: the service field: `s3`; not always the service that defines the type.
        region: a hole, a fixed region, or empty text where the field is always empty.
        account: a hole, fixed text, or empty text where the field is always empty.
        resource: the rest, piece by piece.
    """

    service: str
    region: Piece
    account: Piece
    resource: tuple[Piece, ...]

    @property
    def glob(self) -> str:
        """The pattern that fits every ARN of the type: `arn:*:ec2:*::image/*`."""
        rest = "".join(piece.glob for piece in self.resource)
        return f"arn:*:{self.service}:{self.region.glob}:{self.account.glob}:{rest}"

    def fits(self, arn: str) -> bool:
        """Return whether an ARN without wildcards has this form.

        Where a hole may hold anything, an ARN can have the forms of two types.
        """
        return _compiled(self).fullmatch(arn) is not None


def arn_form(text: str) -> ArnForm:
    """Take apart a form as the Service Authorization Reference writes it.

    Raises:
        ValueError: it has fewer than six fields, or does not begin with `arn:${Partition}:`.
    """
    start, partition, service, region, account, rest = text.split(":", 5)
    if (start, partition) != ("arn", "${Partition}"):
        raise ValueError(f"{text} is no form of an ARN")
    return ArnForm(service, _field(region), _field(account), _pieces(rest))


def _field(text: str) -> Piece:
    return next(iter(_pieces(text)), Piece("", hole=False))


def _pieces(text: str) -> tuple[Piece, ...]:
    # `split` with a group gives fixed text and names of holes in turn.
    parts = enumerate(_HOLE.split(text))
    return tuple(Piece(part, hole=bool(n % 2)) for n, part in parts if part)


@functools.cache
def _compiled(form: ArnForm) -> re.Pattern[str]:
    pieces = "".join(piece.pattern for piece in form.resource)
    head = f"arn:{_FIELDS['Partition']}:{re.escape(form.service)}"
    return re.compile(f"{head}:{form.region.pattern}:{form.account.pattern}:{pieces}", re.DOTALL)
