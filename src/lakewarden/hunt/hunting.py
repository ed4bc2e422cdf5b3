"""A hunt: every document of a source looked through, every finding once, and what was not read.

What history brought counts once a file, whatever the line was then, and not at all where the file
still has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from lakewarden.hunt.detector import Detector
from lakewarden.hunt.document import Document, Unread, UnreadableError
from lakewarden.hunt.finding import Finding, Key, Result, findings_of
from lakewarden.hunt.forms import parts


def hunt(
    source: Iterable[Document | Unread],
    detector: Detector,
    key: Key,
    told: Callable[[int], None] = lambda _: None,
) -> Result:
    """Look through a source.

    Args:
        source: what is to be looked through, and what could not be read.
        detector: finds the secrets.
        key: of the keyed hashes.
        told: is told of how many documents there are so far.
    """
    result = Result(engine=detector.engine)
    found: dict[tuple[object, ...], Finding] = {}
    files: set[tuple[str, str, str]] = set()
    for document in source:
        result.total += 1
        if isinstance(document, Unread):
            result.unread.append(document)
            continue
        result.scanned += 1
        result.size += len(document.data)
        for finding in _findings(document, detector, key, result):
            file = finding.fingerprint, finding.place.where, finding.place.member
            if not (finding.place.commit and file in files):
                files.add(file)
                found.setdefault((finding.fingerprint, replace(finding.place, column=0)), finding)
        told(result.total)
    order = sorted(found.values(), key=lambda f: (-f.severity.rank, _at(f), f.rule))
    result.findings = order
    return result


def _findings(
    document: Document, detector: Detector, key: Key, result: Result
) -> Iterator[Finding]:
    unread = len(result.unread)
    try:
        for part in parts(document):
            if isinstance(part, Unread):
                result.unread.append(Unread(f"{document.where}!{part.where}", part.why))
                continue
            leaks = detector.leaks(part.data, plain=part.plain, binary=part.binary)
            yield from findings_of(leaks, document, part, key)
    except UnreadableError as error:
        result.unread.append(Unread(document.where, str(error)))
    result.scanned -= len(result.unread) > unread


def _at(finding: Finding) -> tuple[str, str, int, int, int]:
    place = finding.place
    return place.where, place.member, place.cell, place.line, place.column
