"""What assets are called as files: readable, and possible on every file system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from lakewarden.store.vault.manifest import digest_of

_SAFE: Final = " @+=,()[]{}~!$&'^#;"
_LONGEST: Final = 180
"""Bytes of one name, so that an ending and a digest fit behind it."""
_RESERVED: Final = re.compile(r"(?i)\.{1,2}|\.git.*|git~\d+|(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that Git or Windows keeps for itself."""


def parts_of(key: str) -> tuple[str, ...]:
    """Return the names of folders and file that a key stands for."""
    if not key.startswith("/"):
        return (_encoded(key),)
    return tuple(_encoded(part) for part in key[1:].split("/"))


def folders_of(parts: tuple[str, ...]) -> Iterator[str]:
    """Yield the folders that a path is in, in the form that `Names` compares."""
    for length in range(1, len(parts)):
        yield "/".join(parts[:length]).casefold()


class Names:
    """Gives each file a path of its own, also where upper and lower case are the same."""

    def __init__(self, folders: set[str]) -> None:
        """Begin with the folders that there will be, as `folders_of` yields them."""
        self._taken = set(folders)

    def path(self, parts: tuple[str, ...], ending: str, owner: str) -> str:
        """Return a path that no other file has.

        Args:
            parts: folders and name.
            ending: of the file, with its point.
            owner: what the file is of; a digest of it is put behind a name that is taken.
        """
        path = "/".join(parts)
        mark = digest_of(owner.encode("utf-8", "surrogatepass"))
        length = 0
        while (
            whole := f"{path}{'~' if length else ''}{mark[:length]}{ending}"
        ).casefold() in self._taken:
            length += 8
        self._taken.add(whole.casefold())
        return whole


def _encoded(name: str) -> str:
    encoded = quote(name, safe=_SAFE, errors="surrogatepass") or "%"
    if len(encoded) > _LONGEST:
        digest = digest_of(name.encode("utf-8", "surrogatepass"))
        encoded = f"{encoded[:_LONGEST]}~{digest[:8]}"
    if _RESERVED.fullmatch(encoded):
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}"
    if encoded[-1] in " .":
        encoded = f"{encoded[:-1]}%{ord(encoded[-1]):02X}"
    return encoded
