"""`lakewarden watch sigma`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lakewarden.cli.settings import load_policy
from lakewarden.cli.watch.common import FOLDERS, policy_option
from lakewarden.errors import UsageError
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED
from lakewarden.policyfile.watching import values_of

if TYPE_CHECKING:
    from lakewarden.watch.sigma.reading import Read

_AREA: Final = "sigma"
_WIDTH: Final = 100
_out = click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder to write to."
)


@click.group()
def command() -> None:
    """Read Sigma rules into rules of ours, and write them from these."""


@command.command("import")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@_out
def read_files(files: tuple[Path, ...], out: Path) -> int:
    """Read Sigma rules about CloudTrail or the audit log of Databricks.

    FILE is a file or a folder of them. What cannot be said exactly is refused with the reason,
    and nothing is guessed. `--rules FOLDER` of other commands runs what is written. Exit code 3
    when a rule is refused.
    """
    found = list(_numbered(each for file in _files(files) for each in _read(file)))
    made = {out / _AREA / f"{each.name}.yaml": _rule_text(each) for each in found if each.spec}
    _write(made)
    for each in found:
        _tell(each)
    refused = sum(bool(each.refused) for each in found)
    click.echo(f"{len(made)} rules are in {out}, {refused} were refused.")
    return EXIT_FAILED if refused else EXIT_CLEAN


@command.command("export")
@click.argument("names", metavar="RULE...", nargs=-1, required=True)
@_out
@FOLDERS
@policy_option("whose values take the place of references to them")
def write_files(
    names: tuple[str, ...], out: Path, folders: tuple[Path, ...], policy_file: Path | None
) -> int:
    """Write rules as Sigma rules: those of the kinds match, threshold, distinct and sequence.

    RULE is a rule or an area. What Sigma cannot say exactly is refused with the reason. Exit code 3
    when a rule is refused.
    """
    from lakewarden.watch.library import chosen, rules  # noqa: PLC0415  # yaml is slow to load
    from lakewarden.watch.sigma.writing import left_out, written  # noqa: PLC0415  # likewise
    from lakewarden.watch.site import Site  # noqa: PLC0415  # likewise

    values = values_of(load_policy(policy_file))
    site = Site(values, str(values["timezone"]))
    made: dict[Path, str] = {}
    refused = 0
    for rule in chosen(rules(*folders), names):
        try:
            documents = written(rule, site)
        except ValueError as error:
            refused += 1
            click.echo(f"{rule.id}: refused: {error}")
            continue
        made[out / f"{rule.id.replace('.', '_')}.yml"] = _dumped(documents)
        for note in left_out(rule):
            click.echo(f"{rule.id}: left out: {note}")
    _write(made)
    click.echo(f"{len(made)} rules are in {out}, {refused} were refused.")
    return EXIT_FAILED if refused else EXIT_CLEAN


def _files(given: tuple[Path, ...]) -> Iterator[Path]:
    for each in given:
        if each.is_dir():
            yield from sorted(f for f in each.rglob("*") if f.suffix in {".yml", ".yaml"})
        else:
            yield each


def _read(file: Path) -> Iterator[Read]:
    import yaml  # noqa: PLC0415  # slow to load

    from lakewarden.watch.sigma.reading import read  # noqa: PLC0415  # likewise
    from lakewarden.watch.unique_keys import loader  # noqa: PLC0415  # likewise

    try:
        documents = list(yaml.load_all(file.read_text("utf-8"), loader()))
    except (yaml.YAMLError, OSError, ValueError) as error:
        what = " ".join(str(error).split())
        raise UsageError(what, where=str(file), next_step="Name a file of Sigma rules") from None
    yield from read(documents, file.stem)


def _numbered(found: Iterable[Read]) -> Iterator[Read]:
    """Yield rules, with a number in the name of each whose name another has already."""
    taken: set[str] = set()
    for each in found:
        names = chain([each.name], (f"{each.name}_{number}" for number in count(2)))
        name = next(name for name in names if name not in taken)
        taken.add(name)
        yield replace(each, name=name)


def _rule_text(one: Read) -> str:
    return f"# {one.head}\n{_dumped([one.spec])}"


def _dumped(documents: list[Any] | list[Mapping[str, Any]]) -> str:
    import yaml  # noqa: PLC0415  # slow to load

    text: str = yaml.safe_dump_all(
        [dict(each) for each in documents], sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return text


def _tell(one: Read) -> None:
    from lakewarden.watch.lint import faults  # noqa: PLC0415  # slow to load
    from lakewarden.watch.rule import rule_of  # noqa: PLC0415  # likewise

    if one.refused:
        click.echo(f"{one.name}: refused: {one.refused}")
        return
    for note in (*one.notes, *faults(rule_of(f"{_AREA}.{one.name}", one.spec))):
        click.echo(f"{one.name}: {note}")


def _write(made: Mapping[Path, str]) -> None:
    """Write files, none of which may be there with another text.

    Raises:
        UsageError: one is, or it cannot be written.
    """
    try:
        for file, text in made.items():
            if file.is_file() and file.read_bytes() != text.encode():
                raise UsageError(
                    "is there already", where=str(file), next_step="Name another folder by --out"
                )
        for file, text in made.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror})",
            where=str(error.filename),
            next_step="Name another folder by --out",
        ) from None
