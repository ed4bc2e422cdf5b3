"""The options that say what knows where addresses are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lakewarden.policyfile.policy import Policy

if TYPE_CHECKING:
    from lakewarden.watch.places import Atlas

_MMDB: Final = "LAKEWARDEN_MMDB"
_RANGES: Final = "LAKEWARDEN_AWS_IP_RANGES"


@dataclass(frozen=True, slots=True)
class Maps:
    """What knows where addresses are.

    Attributes:
        mmdb: a database of places, as MaxMind makes them.
        aws_ip_ranges: the list of AWS.
    """

    mmdb: Path | None
    aws_ip_ranges: Path | None

    @classmethod
    def from_environment(cls) -> Maps:
        """Return what the environment says, as the options do where they are not given."""
        mmdb, ranges = (os.environ.get(name) for name in (_MMDB, _RANGES))
        return cls(Path(mmdb) if mmdb else None, Path(ranges) if ranges else None)


MAPS: Final = (
    click.option(
        "--mmdb",
        envvar=_MMDB,
        type=click.Path(path_type=Path),
        help="Where addresses are: an MMDB file of cities or countries.",
    ),
    click.option(
        "--aws-ip-ranges",
        envvar=_RANGES,
        type=click.Path(path_type=Path),
        help="Where addresses of AWS are: its file ip-ranges.json.",
    ),
)
"""The options, in the order of `--help`."""


def atlas_of(maps: Maps, policy: Policy) -> Atlas | None:
    """Return what says where addresses are; None where nothing does for the world at large.

    Raises:
        UsageError: a file cannot be read.
    """
    from lakewarden.store.atlas import open_mmdb, read_aws_ranges  # noqa: PLC0415  # only here
    from lakewarden.watch import atlas  # noqa: PLC0415  # likewise

    world: list[atlas.Source] = []
    if maps.mmdb:
        world.append(atlas.database(open_mmdb(maps.mmdb)))
    try:
        from iptocc import country_code  # noqa: PLC0415  # an extra

        world.append(atlas.registries(country_code))
    except ImportError:
        pass
    own = atlas.own_networks(policy.watch.get("places", ()))
    aws = read_aws_ranges(maps.aws_ip_ranges) if maps.aws_ip_ranges else {}
    return atlas.Gazetteer([own, atlas.aws_networks(aws), *world]) if world else None
