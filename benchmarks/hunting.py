"""Hunting for secrets beside other scanners: what is found of a labelled corpus, and how fast.

The corpus is of `benchmarks/secret_corpus.py`, with the seed that no rule was tuned with. A secret
counts as found when a finding is on one of its lines; a finding anywhere else is false. Speed is in
CPU seconds on one core: the libraries by themselves, gitleaks and `lakewarden hunt` as programs.

    python -m benchmarks.hunting [SEED]

detect-secrets and Kingfisher are installed into `.bench`, gitleaks too where Go is; what cannot be
had is left out, and said.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from benchmarks import secret_corpus
from benchmarks.secret_corpus import Corpus, Label
from lakewarden.hunt.detector import Detector
from lakewarden.hunt.document import Document, Part
from lakewarden.hunt.finding import Key
from lakewarden.hunt.forms import parts
from lakewarden.hunt.hunting import hunt
from lakewarden.hunt.rule import library
from lakewarden.hunt.scanners import scanner
from lakewarden.hunt.sources import folder as files

_BENCH: Final = Path(__file__).parent.parent / ".bench" / "hunting"
_PYTHON: Final = _BENCH / "peers" / "bin" / "python"
_GITLEAKS: Final = _BENCH / "bin" / "gitleaks"
_WANTED: Final = ("detect-secrets==1.5.0", "kingfisher-secret-scanner==1.5.0")
_GO: Final = "github.com/zricethezav/gitleaks/v8@v8.30.1"
_BULK: Final = 64_000_000
_SLOW: Final = 2_000_000
"""How many bytes detect-secrets is given: it would take minutes for all."""
_MEGABYTE: Final = 1_000_000

Hits = Iterable[tuple[str, int]]


class Told(TypedDict):
    """What `hunting_peers.py` prints.

    Attributes:
        bytes: how many bytes were read.
        load: the CPU seconds that loading rules took.
        cpu: those that scanning took.
        hits: the file and line of each finding.
    """

    bytes: int
    load: float
    cpu: float
    hits: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Score:
    """What a scanner made of the corpus.

    Attributes:
        found: how many secrets it found.
        missed: the kinds of those that it did not, with how many.
        false: lines that it found and that are none.
        secrets: how many there are.
    """

    found: int
    missed: Mapping[str, int]
    false: int
    secrets: int

    @property
    def recall(self) -> float:
        """Return the share of the secrets that was found."""
        return self.found / self.secrets

    @property
    def precision(self) -> float:
        """Return the share of what was found that is a secret."""
        return self.found / max(1, self.found + self.false)


def score(corpus: Corpus, hits: Hits) -> Score:
    """Hold what a scanner found against the labels."""
    by_line = {
        (label.file, line): label
        for label in corpus.labels
        for line in range(label.first, label.last + 1)
    }
    lines = set(hits)
    found: set[Label] = {by_line[line] for line in lines if line in by_line}
    missed: dict[str, int] = {}
    for label in corpus.labels:
        if label not in found:
            missed[label.kind] = missed.get(label.kind, 0) + 1
    false = sum(line not in by_line for line in lines)
    return Score(len(found), missed, false, len(corpus.labels))


def ours(folder: Path) -> list[tuple[str, int]]:
    """Return the lines on which lakewarden finds something."""
    rules = library()
    result = hunt(files.documents(folder), Detector(rules, scanner(rules)), Key(bytes(32)))
    return [(finding.place.where, finding.place.line) for finding in result.findings]


def prepare() -> list[str]:
    """Install the other scanners where they are not; return what could not be had, and why."""
    lacking = []
    if not _PYTHON.exists():
        uv = [sys.executable, "-m", "uv"]
        made = [*uv, "venv", "--quiet", "--python", sys.executable, str(_PYTHON.parents[1])]
        wanted = [*uv, "pip", "install", "--quiet", "--python", str(_PYTHON), *_WANTED]
        for command in (made, wanted):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                lacking.append(f"{' and '.join(_WANTED)}: {done.stderr.strip()[-200:]}")
                break
    if not _GITLEAKS.exists():
        if shutil.which("go") is None:
            lacking.append("gitleaks: there is no Go to build it with")
        else:
            where = {**os.environ, "GOBIN": str(_GITLEAKS.parent)}
            done = subprocess.run(
                ["go", "install", _GO], env=where, capture_output=True, text=True, check=False
            )
            if done.returncode:
                lacking.append(f"gitleaks: {done.stderr.strip()[-200:]}")
    return lacking


def peer(tool: str, folder: Path, most: int = sys.maxsize) -> Told:
    """Let a library scan a folder; return what it says of it."""
    script = Path(__file__).with_name("hunting_peers.py")
    command = [str(_PYTHON), str(script), tool, str(folder), str(most)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: Told = json.loads(done.stdout)
    told["hits"] = [(file, line) for file, line in told["hits"]]
    return told


def gitleaks(folder: Path) -> tuple[list[tuple[str, int]], float]:
    """Let gitleaks scan a folder; return the lines that it finds something on, and CPU seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        command = [str(_GITLEAKS), "dir", str(folder), "--no-banner", "--exit-code", "0"]
        command += ["--report-format", "json", "--report-path", str(report), "--log-level", "error"]
        seconds = _cpu_of(command)
        found = json.loads(report.read_text("utf-8"))
    return [
        (Path(f["File"]).relative_to(folder).as_posix(), int(f["StartLine"])) for f in found
    ], seconds


def _cpu_of(command: Sequence[str]) -> float:
    """Run a program; return the CPU seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=False, env={**os.environ, "GOMAXPROCS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _engine(folder: Path, *, plain: bool) -> float:
    """Return how many bytes a CPU second the detector alone looks through, files in memory."""
    rules = library()
    detector = Detector(rules, scanner(rules, plain=plain))
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    documents = [Document(path.name, path.read_bytes()) for path in paths]
    documents = documents[:300] if plain else documents
    for document in documents[:100]:
        detector.leaks(document.data)  # compiles what is compiled late
    began = time.process_time()
    for document in documents:
        for part in parts(document):
            if isinstance(part, Part):
                detector.leaks(part.data, plain=part.plain, binary=part.binary)
    return sum(len(d.data) for d in documents) / (time.process_time() - began)


def _say(name: str, found: Score) -> None:
    worst = sorted(found.missed.items(), key=lambda item: -item[1])[:4]
    missed = ", ".join(f"{kind} {count}" for kind, count in worst) or "nothing"
    print(
        f"  {name:16} recall {found.recall:6.1%}  precision {found.precision:6.1%}"
        f"  false {found.false:4}  misses most: {missed}"
    )


def _quality(seed: int, lacking: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        corpus = secret_corpus.write(folder, seed)
        print(
            f"hunt: {len(corpus.labels)} secrets of {len({c.kind for c in corpus.labels})} kinds"
            f" and {corpus.decoys} decoys in {corpus.files} files, seed {seed}"
        )
        _say("lakewarden", score(corpus, ours(folder)))
        for tool in ("detect-secrets", "kingfisher"):
            if _PYTHON.exists():
                _say(tool, score(corpus, peer(tool, folder)["hits"]))
        if _GITLEAKS.exists():
            _say("gitleaks", score(corpus, gitleaks(folder)[0]))
    for what in lacking:
        print(f"  left out: {what}")


def _speed() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        size = 0
        for number, data in enumerate(secret_corpus.bulk(_BULK, secret_corpus.PUBLISHED)):
            (folder / f"{number:05}.py").write_bytes(data)
            size += len(data)
        print(f"  speed on {size / _MEGABYTE:.0f} MB of notebooks, MB a CPU second on one core:")
        engine = _engine(folder, plain=False)
        print(f"    lakewarden, library          {engine / _MEGABYTE:8.1f}")
        print(f"    lakewarden, Python alone     {_engine(folder, plain=True) / _MEGABYTE:8.1f}")
        for tool, most in (("detect-secrets", _SLOW), ("kingfisher", sys.maxsize)):
            if _PYTHON.exists():
                told = peer(tool, folder, most)
                speed = told["bytes"] / told["cpu"]
                ratio = engine / speed
                print(f"    {tool:16} library     {speed / _MEGABYTE:8.1f}    1/{ratio:.0f}")
        program = [sys.executable, "-m", "lakewarden", "hunt", str(folder), "--format", "json"]
        _cpu_of(program)  # compiles the rules, which is kept
        whole = size / _cpu_of(program)
        print(f"    lakewarden, whole program    {whole / _MEGABYTE:8.1f}")
        if _GITLEAKS.exists():
            speed = size / gitleaks(folder)[1]
            ratio = whole / speed
            print(f"    gitleaks, whole program      {speed / _MEGABYTE:8.1f}    1/{ratio:.0f}")


def main() -> int:
    """Print the tables."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 0
    lacking = prepare()
    _quality(seed or secret_corpus.PUBLISHED, lacking)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        _speed()
    finally:
        os.sched_setaffinity(0, cores)
    return 0


if __name__ == "__main__":
    sys.exit(main())
