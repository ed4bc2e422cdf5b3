from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise, product

import pytest

from lakewarden.ledger.finding import Evidence, SubjectRef, Verdict, WaiverNote
from lakewarden.report.html_format import write
from report.sample import CARDS, FINDINGS, finding, report_of, sample, thing, workspace

VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """A page taken apart: elements with their attributes, text by enclosing element."""

    def __init__(self, report):
        super().__init__(convert_charrefs=True)
        stream = io.StringIO()
        write(report, stream)
        self.source = stream.getvalue()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(self.source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag, **wanted):
        return [a for t, a in self.elements if t == tag and wanted.items() <= a.items()]

    def text(self, *tags):
        joined = " ".join(data for tag, data in self.texts if tag not in {"style", "script"})
        chosen = " ".join(data for tag, data in self.texts if tag in tags) if tags else joined
        return re.sub(r"\s+", " ", chosen)


@pytest.fixture(scope="module")
def page():
    return Page(sample())


def test_nothing_refers_to_any_other_place(page):
    links = [(tag, a.get("href") or a.get("src")) for tag, a in page.elements]
    outside = [
        (tag, link) for tag, link in links if link and not link.startswith(("#", "data:image/"))
    ]
    assert outside == []
    assert not re.search(r"url\((?!#)|@import", page.source)


def test_the_content_policy_allows_the_two_inline_assets_alone(page):
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    rules = dict(rule.split(maxsplit=1) for rule in policy["content"].split("; "))
    for tag in ("style", "script"):
        (text,) = [data for inside, data in page.texts if inside == tag]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert rules == {
        "default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip


def test_no_element_carries_style_or_script_that_the_policy_would_refuse(page):
    attributes = {name for _, attrs in page.elements for name in attrs}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}


def test_ids_are_unique_and_links_lead_somewhere(page):
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for tag, a in page.elements if (a.get("href") or "").startswith("#")}
    assert targets <= set(ids)
    labels = {a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a}
    assert labels <= set(ids)


def test_every_finding_stands_on_the_page_once(page):
    shown = [a["id"] for a in page.all("details") if "data-verdict" in a]
    assert sorted(shown) == sorted(f"f-{f.id}" for f in FINDINGS)


def test_the_headings_form_a_tree(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_first_screen_sums_up(page):
    assert page.text("h1") == "12 failures (3 critical, 7 high) and 5 questions without an answer"
    text = page.text()
    assert "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0" in text
    assert "Highly secure" in text
    assert "23 November 2026, 18:58 UTC" in text
    assert text.count("not judged") == 37 - 26
    assert len(page.all("svg", role="img")) == 5


def test_times_are_told_in_utc():
    run = replace(sample().run, taken="2026-11-24T01:30:00+02:00")
    assert "23 November 2026, 23:30 UTC" in Page(replace(sample(), run=run)).text()


@pytest.mark.parametrize(
    ("findings", "headline"),
    [
        ((), "Nothing was judged"),
        ([finding("sso-enforced", Verdict.PASS, workspace("1111222233334444"))],
         "Nothing fails, nothing is unknown"),
        ([finding("sso-enforced", Verdict.UNKNOWN, workspace("1111222233334444"))],
         "1 question without an answer"),
        ([finding("git-used", Verdict.FAIL, thing("job", "j"))], "1 failure"),
    ],
)  # fmt: skip
def test_the_headline_of_small_reports(findings, headline):
    assert Page(report_of(findings)).text("h1") == headline


def test_a_verdict_is_never_shown_by_colour_alone(page):
    for verdict in Verdict:
        assert page.all("symbol", id=f"i-{verdict}")
        assert page.all("li", **{"class": str(verdict)}), verdict
    cells = page.source[page.source.index('class="heat"') :].split("</ol>")[0]
    assert cells.count("<li") == 38
    judged = [cell for cell in cells.split("<li")[1:] if "<a " in cell]
    assert len(judged) == 26
    assert all("#i-" in cell and 'class="unseen"' in cell for cell in judged)


def test_an_unknown_names_the_grant_and_a_waiver_its_owner_and_end(page):
    text = page.text()
    assert "To answer this, grant s3:GetBucketPolicy" in text
    assert "Waived until 2027-03-31 by ana@example.com: moves to the new VPC in spring" in text


def test_evidence_shows_call_field_value_and_expectation(page):
    cells = page.text("code", "td")
    assert (
        'Policy.Statement[0] {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}'
        " no statement that allows everybody" in cells
    )


def test_what_was_not_read_and_what_was_loosened_is_said(page):
    text = page.text()
    assert "3 things could not be read." in text
    assert "aws bucket_policies (partial): s3:GetBucketPolicy: rate limited" in text
    assert "loosens 1 limit: token_days = 180 (default 90)" in text
    assert "P04 Set complex local passwords" in text


HOSTILE = (
    "\"'></style></script><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u202e\x1b"
)


def test_hostile_text_stays_text():
    made = replace(
        finding("tokens-expire", Verdict.FAIL, SubjectRef(HOSTILE, HOSTILE, HOSTILE, HOSTILE)),
        reason=HOSTILE,
        needs=(HOSTILE,),
        evidence=(Evidence(HOSTILE, HOSTILE, {HOSTILE: [HOSTILE]}, HOSTILE),),
        fix=HOSTILE,
        waiver=WaiverNote(HOSTILE, HOSTILE, HOSTILE),
    )
    report = report_of([made], unread=(HOSTILE,), loosened=(HOSTILE,))
    run = replace(report.run, id=HOSTILE, account_id=HOSTILE, workspaces={HOSTILE: HOSTILE})
    hostile = Page(replace(report, run=run))
    assert len(hostile.all("script")) == 1
    assert hostile.all("img") == []
    assert not set(hostile.source) & {"\u202e", "\x1b"}
    assert hostile.text().count("{{7*7}}\\u202e\\u001b") > 10
    assert not {n for _, a in hostile.elements for n in a if n.startswith("on")}


def test_a_long_value_is_cut_and_says_so():
    long = replace(
        finding("tokens-expire", Verdict.FAIL, thing("token", "t")),
        evidence=(Evidence("GET /x", "f", ["x" * 10_000], "short"),),
    )
    page = Page(report_of([long]))
    assert "… (10004 characters; the JSON format has all)" in page.text()
    assert "x" * 2001 not in page.source


def test_a_thousand_findings_stay_below_two_megabytes():
    many = [
        finding(control, verdict, thing("cluster", f"analytics-cluster-{number:03}"))
        for control, (number, verdict) in product(list(CARDS)[:20], enumerate([Verdict.FAIL] * 50))
    ]
    assert len(many) == 1000
    assert len(Page(report_of(many)).source.encode()) < 2_000_000


def test_findings_beyond_the_samples_are_counted():
    many = [finding("tokens-expire", Verdict.FAIL, thing("token", f"t{n}")) for n in range(230)]
    page = Page(report_of(many))
    assert len([a for a in page.all("details") if "data-verdict" in a]) == 200
    assert "and 30 more: --format json lists them" in page.text()


def _palettes():
    css = files("lakewarden.report").joinpath("templates/page.css").read_text("utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    )
    return {"light": light, "dark": {**light, **dark}}


def _luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(d * 2 for d in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "ground"), ("ink", "paper"), ("soft", "ground"), ("soft", "paper"),
        ("accent", "paper"), ("on-deep", "deep"), ("on-deep-soft", "deep"),
        ("ink", "unknown-stripe"), ("ink", "na-tint"), ("ink", "waived-tint"),
        *((name, ground) for name in ("fail", "unknown", "waived", "attested", "pass", "na")
          for ground in ("paper", f"{name}-tint")),
    ],
)  # fmt: skip
def test_text_has_the_contrast_that_wcag_asks_for(scheme, ink, ground):
    palette = _palettes()[scheme]
    one, two = sorted((_luminance(palette[ink]), _luminance(palette[ground])), reverse=True)
    assert (one + 0.05) / (two + 0.05) >= 4.5
