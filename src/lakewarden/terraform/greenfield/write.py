"""Writing the modules: the files that are kept with this package, and what is made for a region."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from lakewarden.errors import UsageError
from lakewarden.proofs.facts.accounts import platform
from lakewarden.proofs.facts.regions import Region, region, regions
from lakewarden.terraform.greenfield.policies import templates

PLATFORM: Final = "aws"
_PACKAGE: Final = "lakewarden.terraform.greenfield"
_NAME: Final = 'name = "{}"\n'
_REGION: Final = """# Made for {region}, as are the policies of the modules.
# Another region has other buckets and services of Databricks: run the command again for it.

locals {{
  region = "{region}"
}}

variable "endpoint_services" {{
  description = "{description}"
  type        = object({{ general = string, relay = string }})
{default}}}
"""
_SERVICES: Final = "The names of Databricks' PrivateLink services in the region."
_DISPUTED: Final = (
    f"{_SERVICES} Sources contradict each other on the general one ({{named}}): ask Databricks. "
    "The relay is {relay}."
)
_DEFAULT: Final = """
  default = {{
    general = "{general}"
    relay   = "{relay}"
  }}
"""


@dataclass(frozen=True, slots=True)
class GreenfieldOptions:
    """What a deployment from nothing is made for.

    Attributes:
        name: what the names of everything begin with.
        region: the AWS region.
    """

    name: str
    region: str


def write_greenfield(folder: Path, options: GreenfieldOptions) -> tuple[Path, ...]:
    """Write the modules.

    Args:
        folder: where to; it is made if it is not there.
        options: what they are made for.

    Returns:
        The files, in order of their paths.

    Raises:
        UsageError: the folder holds something, or too little is known of the region.
    """
    texts = dict(rendered(options))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already", next_step="Name a new or an empty folder")
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return tuple(folder / path for path in sorted(texts))


def rendered(options: GreenfieldOptions) -> Iterator[tuple[str, str]]:
    """Yield every file: its path, and its text.

    Raises:
        UsageError: too little is known of the region.
    """
    place = _place(options.region)
    vendor = platform(PLATFORM)
    assert vendor is not None  # noqa: S101  # the facts name the commercial platform
    yield from _kept(files(_PACKAGE) / "files", "")
    yield "region.tf", _of_region(place)
    yield "name.auto.tfvars", _NAME.format(options.name)
    for path, text in templates(vendor, place):
        yield f"modules/{path}", text


def _kept(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _kept(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")


def _place(name: str) -> Region:
    known = [r.name for r in regions() if r.platform == PLATFORM and _is_known(r)]
    place = region(name, PLATFORM)
    if place is None or not _is_known(place):
        raise UsageError(
            f"too little is known of Databricks in the region {name!r} to write its policies",
            next_step=f"Choose one of {', '.join(sorted(known))}",
        )
    return place


def _is_known(place: Region) -> bool:
    """Return whether the buckets are known that clusters start from and report to."""
    return bool(place.buckets.artifacts and place.buckets.logs and place.services.relay)


def _of_region(place: Region) -> str:
    services, description, default = place.services, _SERVICES, ""
    if services.general:
        default = _DEFAULT.format(general=services.general, relay=services.relay)
    else:
        named = " or ".join(services.disputed)
        description = _DISPUTED.format(named=named, relay=services.relay)
    return _REGION.format(
        region=place.name, description=json.dumps(description)[1:-1], default=default
    )
