"""Writes the addresses of Databricks anew from its feed of IP ranges.

curl -sSo ranges.json https://www.databricks.com/networking/v1/ip-ranges.json
python -m tools.refresh_addresses ranges.json
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parent.parent / "src/lakewarden/proofs/facts/data/addresses.toml"
SCHEMA: Final = "1.0"

HEAD: Final = """\
# The addresses of Databricks by region. Inbound: where compute and people connect to. Outbound:
# where the control plane and serverless compute call from.
# Source: https://www.databricks.com/networking/v1/ip-ranges.json.
# Refresh: `curl -sSo ranges.json <source>; python -m tools.refresh_addresses ranges.json`.
# The feed's own time stamp does not always move when it changes; `as_of` is the day of reading.
as_of = {as_of}
"""


def text_of(feed: Mapping[str, Any], as_of: date) -> str:
    """Return the file for a feed.

    Args:
        feed: as Databricks publishes it.
        as_of: the day of reading.

    Raises:
        ValueError: the feed has another schema, or something in it is no network.
        KeyError: it lacks a field, or has a third way beside inbound and outbound.
    """
    if feed["schemaVersion"] != SCHEMA:
        raise ValueError(f"schema {feed['schemaVersion']} is not the {SCHEMA} that is known here")
    found: dict[str, dict[str, set[IPv4Network]]] = defaultdict(
        lambda: {"inbound": set(), "outbound": set()}
    )
    for prefix in feed["prefixes"]:
        if prefix["platform"].lower() == "aws":
            networks = map(IPv4Network, prefix["ipv4Prefixes"])
            found[prefix["region"]][prefix["type"].lower()].update(networks)
    return "\n".join([HEAD.format(as_of=as_of), *_lines(found)])


def _lines(found: Mapping[str, Mapping[str, set[IPv4Network]]]) -> Iterator[str]:
    for region, ways in sorted(found.items()):
        yield f"[addresses.{region}]"
        for way, networks in ways.items():
            quoted = (f'"{each}"' for each in sorted(networks))
            yield f"{way} = [{', '.join(quoted)}]"
        yield ""


def main() -> None:
    """Write the file from the feed that the first argument names."""
    feed = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    FILE.write_text(text_of(feed, datetime.now(UTC).date()), "utf-8")


if __name__ == "__main__":
    main()
