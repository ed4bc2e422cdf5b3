"""`Thing`: what a resource is to be written for, whether a plan changes it or it just stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.record import Json
from lakewarden.terraform.write.hcl import Attribute, Block, Comment

Item = Attribute | Block | Comment
WHOLE: Final[frozenset[tuple[str, ...]]] = frozenset({()})
"""What is known of a document of which everything is known."""
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing of the deployment, as it is or as a plan leaves it.

    Attributes:
        kind: its kind, in the words of plans: `ip_access_list`.
        scope: `account`, `workspace/3001` or `aws`.
        key: which one of its kind.
        name: what people call it.
        document: what is known of it, in the shape of the API's answer.
        known: the places of the document of which all is known, as steps; `WHOLE` for all.
        exists: it is there already, so that Terraform takes it over.
        before: the values that a change finds, by path; empty where nothing changes.
        strict: what is known in part only is left out rather than written in part.
    """

    kind: str
    scope: str
    key: str
    name: str
    document: Json
    known: frozenset[tuple[str, ...]] = WHOLE
    exists: bool = True
    before: Json = field(default_factory=dict)
    strict: bool = False

    @property
    def address(self) -> str:
        """Return what names it in a plan."""
        return f"{self.scope}:{self.kind}[{self.key}]"

    @property
    def whole(self) -> bool:
        """Return whether everything of it is known."""
        return self.known == WHOLE

    @property
    def workspace(self) -> str:
        """Return the id of its workspace, empty for the account and AWS."""
        scope, _, identity = self.scope.partition("/")
        return identity if scope == "workspace" else ""

    @property
    def parts(self) -> tuple[str, str]:
        """Return the two parts of a key that is made of two."""
        first, _, second = self.key.partition("/")
        return first, second

    @property
    def region(self) -> str:
        """Return the AWS region that its key names, empty for none."""
        if self.scope != "aws":
            return ""
        if self.key.startswith("arn:"):
            return self.key.split(":")[3]
        return self.parts[0] if _REGION.fullmatch(self.parts[0]) else ""


@dataclass(frozen=True, slots=True)
class Left:
    """What is not written, and why.

    Attributes:
        address: what names it in a plan.
        name: what people call it.
        why: why Terraform does not get it, as a sentence without its full stop.
    """

    address: str
    name: str
    why: str


class LeftOutError(Exception):
    """A thing cannot be written; the message says why, as a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class Written:
    """A resource.

    Attributes:
        type: `databricks_ip_access_list`.
        scope: what it belongs to.
        name: what people call it; its label is made of this.
        topic: the topic of the file that it goes to.
        body: its arguments and blocks.
        import_id: by what Terraform finds the thing, empty where there is none or it cannot.
        region: the AWS region that it is in, empty for the one of the provider.
        open: arguments of which nothing is known, so that Terraform leaves them as they are.
        settled: arguments of which something is known, be it that they are absent.
        changed: arguments that a plan changes.
        guarded: it exists and cannot be imported, and making it makes a second one.
        marks: what others name it by: values by attribute.
        comment: what people should know of it.
    """

    type: str
    scope: str
    name: str
    topic: str
    body: tuple[Item, ...]
    import_id: str = ""
    region: str = ""
    open: tuple[str, ...] = ()
    settled: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    guarded: bool = False
    marks: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""

    @property
    def said(self) -> frozenset[str]:
        """Return the names of the arguments and blocks that it has."""
        return frozenset(item.name for item in self.body if not isinstance(item, Comment))


def steps(place: str) -> tuple[str, ...]:
    """Return the steps of a path of a change."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:])
