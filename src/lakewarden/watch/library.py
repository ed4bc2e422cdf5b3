"""All rules: those that come along, and those of folders of one's own. A rule's id is its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from lakewarden.errors import UsageError
from lakewarden.watch import unique_keys
from lakewarden.watch.rule import Rule, rule_of

T = TypeVar("T")

RULES: Final = Path(__file__).with_name("rules")


def rules(*folders: Path) -> Mapping[str, Rule]:
    """Return the rules that come along, and those of other folders, by id.

    Raises:
        UsageError: a file is no rule, or two have one id.
    """
    return {identity: read(file) for identity, file in places(*folders).items()}


def places(*folders: Path) -> Mapping[str, Path]:
    """Return the files of the rules that come along, and of those of other folders, by id.

    Raises:
        UsageError: there is no such folder, or two files have one id.
    """
    found: dict[str, Path] = {}
    for file in (*_own(), *(file for folder in folders for file in files(folder))):
        if id_of(file) in found:
            raise mistake(file, f"there is a rule {id_of(file)} already", "Rename the file")
        found[id_of(file)] = file
    return found


@cache
def _own() -> tuple[Path, ...]:
    """Return the files of the rules that come along."""
    return tuple(files(RULES))


def chosen(every: Mapping[str, T], names: Collection[str]) -> list[T]:
    """Return what belongs to some names, each that of a rule or of an area; all where none is.

    Args:
        every: rules, or their files, by id.
        names: ids and areas.

    Raises:
        UsageError: a name is none.
    """
    areas = {identity.partition(".")[0] for identity in every}
    unknown = sorted(set(names) - every.keys() - areas)
    if unknown:
        raise UsageError(
            f"there is no rule {unknown[0]}", next_step="`lakewarden watch rules` lists them"
        )
    wanted = set(names)
    return [
        one
        for identity, one in every.items()
        if not names or {identity, identity.partition(".")[0]} & wanted
    ]


def id_of(file: Path) -> str:
    """Return the id of the rule in a file: its area and its name."""
    return f"{file.parent.name}.{file.stem}"


def files(folder: Path) -> Iterator[Path]:
    """Yield the files of the rules of a folder.

    Raises:
        UsageError: there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(
            "is not a folder", where=str(folder), next_step="Name a folder of rules, area/rule.yaml"
        )
    strays = [each for each in sorted(folder.rglob("*.y*ml")) if not _placed(each, folder)]
    if strays:
        raise mistake(strays[0], "is not area/rule.yaml", "Move it, or name another folder")
    yield from sorted(folder.glob("*/*.yaml"))


def _placed(file: Path, folder: Path) -> bool:
    return file.parent.parent == folder and file.suffix == ".yaml"


def read(file: Path) -> Rule:
    """Read one rule.

    Raises:
        UsageError: it cannot be read, or it is no rule.
    """
    spec = _parsed(file)
    try:
        return rule_of(id_of(file), spec)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise mistake(file, str(error), "See docs/rules.md for what a rule says") from None


def _parsed(file: Path) -> Mapping[str, Any]:
    import yaml  # noqa: PLC0415  # slow to load

    try:
        spec = yaml.load(file.read_text("utf-8"), Loader=_loader())  # noqa: S506  # it is safe
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise mistake(file, " ".join(str(error).split()), "Correct it") from None
    if not isinstance(spec, dict):
        raise mistake(file, "is no rule: keys and values are", "See docs/rules.md")
    return spec


@cache
def _loader() -> Any:
    """Return the loader to which `on`, `off`, `yes` and `no` are texts."""
    import yaml  # noqa: PLC0415  # slow to load

    boolean = "tag:yaml.org,2002:bool"
    loader = type("RuleLoader", (unique_keys.loader(),), {})
    loader.yaml_implicit_resolvers = {  # type: ignore[attr-defined]  # of every loader
        first: [(tag, test) for tag, test in resolvers if tag != boolean]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    loader.add_implicit_resolver(boolean, re.compile("^(?:true|false)$"), list("tf"))  # type: ignore[attr-defined]  # likewise
    return loader


def mistake(file: Path, what: str, next_step: str) -> UsageError:
    """Return the error about a file of rules."""
    where = file.relative_to(RULES.parent) if file.is_relative_to(RULES.parent) else file
    return UsageError(what, where=str(where), next_step=next_step)
