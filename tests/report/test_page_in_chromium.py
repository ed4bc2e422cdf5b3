"""The page in a real browser: what it shows, links to, filters and prints."""

from __future__ import annotations

import html
import re
import shutil
import subprocess

import pytest

from lakewarden.ledger.finding import Verdict
from lakewarden.report.html_format import write
from report.sample import FINDINGS, sample

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs a browser: the Debian package `chromium`"
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr", "--virtual-time-budget=2000",
)  # fmt: skip
FILTERED = """
const search = document.querySelector("input[type=search]");
const box = document.querySelector("input[value=PASS]");
search.value = "SHARED-0"; box.checked = false;
search.dispatchEvent(new Event("input", {bubbles: true}));
const seen = [...document.querySelectorAll(".finding:not([hidden])")].map((f) => f.id);
document.title = JSON.stringify(seen);
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    with path.open("w", encoding="utf-8") as stream:
        write(sample(), stream)
    return path


def _chromium(tmp_path, *arguments):
    command = (CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    return done.stdout


def _without_policy(source, script):
    open_ = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", source)
    return open_.replace("</body>", f"<script>{script}</script></body>")


def _pages(tmp_path, path):
    printed = tmp_path / "page.pdf"
    _chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={printed}", path.as_uri())
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed.read_bytes()))


def test_the_page_runs_under_its_own_content_policy(page, tmp_path):
    dom = _chromium(tmp_path, "--dump-dom", page.as_uri())
    assert "12 failures (3 critical, 7 high)" in dom
    (form,) = re.findall(r'<form id="filter"[^>]*>', dom)
    assert "hidden" not in form  # the script ran
    assert dom.count("data-verdict=") == len(FINDINGS)


def test_a_link_to_a_finding_opens_it(page, tmp_path):
    passed = next(f for f in FINDINGS if f.control == "bucket-encrypted")
    dom = _chromium(tmp_path, "--dump-dom", f"{page.as_uri()}#f-{passed.id}")
    (finding,) = re.findall(rf'<details [^>]*id="f-{passed.id}"[^>]*>', dom)
    (control,) = re.findall(r'<details [^>]*id="c-bucket-encrypted"[^>]*>', dom)
    assert "open" in finding
    assert "open" in control


def test_the_filter_narrows_by_verdict_and_text(page, tmp_path):
    copy = tmp_path / "filtered.html"
    copy.write_text(_without_policy(page.read_text("utf-8"), FILTERED), "utf-8")
    dom = _chromium(tmp_path, "--dump-dom", copy.as_uri())
    wanted = [
        f"f-{f.id}"
        for f in FINDINGS
        if "shared-0" in f.subject.name and f.verdict is not Verdict.PASS
    ]
    (title,) = re.findall(r"<title>(.*?)</title>", dom)
    assert sorted(re.findall(r"f-\w+", html.unescape(title))) == sorted(wanted)
    assert f"{len(wanted)} of {len(FINDINGS)}" in dom


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_printing_opens_everything(page, tmp_path, script):
    source = page.read_text("utf-8")
    if not script:
        source = re.sub(r"<script>.*?</script>", "", source, flags=re.DOTALL)
    closed, opened = tmp_path / "closed.html", tmp_path / "opened.html"
    closed.write_text(source, "utf-8")
    opened.write_text(source.replace("<details ", "<details open "), "utf-8")
    assert _pages(tmp_path, closed) == _pages(tmp_path, opened) > 5
