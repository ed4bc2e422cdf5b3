from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.estate.fact import Cause

PATH = "/api/2.0/things"


def rows(*ids):
    return [{"id": identity} for identity in ids]


class Pages:
    """Answers page after page, and keeps what was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, path, query):
        assert path == PATH
        self.asked.append(dict(query))
        answer = self.answers[len(self.asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def listed(get, paging=Paging.TOKEN, **options):
    return [item["id"] for item in items(get, PATH, "things", paging, **options)]


def refused(get, paging=Paging.TOKEN, **options):
    """Return what came before the list failed, and why it did."""
    seen = []
    with pytest.raises(CallFailedError) as caught:
        seen.extend(item["id"] for item in items(get, PATH, "things", paging, **options))
    return caught.value.cause, caught.value.detail


def token_page(ids, token=None, **more):
    page = {"things": rows(*ids), **more}
    return page if token is None else {**page, "next_page_token": token}


def scim_page(total, *ids):
    return {"totalResults": total, "Resources": rows(*ids)}


class TestTokens:
    def test_pages_are_followed_to_the_end(self):
        get = Pages(token_page("ab", "t1"), token_page("c", "t2"), token_page("d", ""))
        assert listed(get, query={"limit": 2}) == ["a", "b", "c", "d"]
        assert get.asked == [
            {"limit": 2},
            {"limit": 2, "page_token": "t1"},
            {"limit": 2, "page_token": "t2"},
        ]

    def test_an_empty_page_in_the_middle_is_not_the_end(self):
        get = Pages(token_page("a", "t1"), {"next_page_token": "t2"}, token_page("b"))
        assert listed(get) == ["a", "b"]

    def test_a_last_page_without_its_list_is_not_the_end(self):
        cause, _ = refused(Pages(token_page("a", "t1"), {}))
        assert cause is Cause.MISSING_FIELD
        assert listed(Pages(token_page("a", "t1"), {}), trust_empty=True) == ["a"]

    @pytest.mark.parametrize("last", ["t1", "t2"])
    def test_a_token_that_comes_again_ends_in_an_error_not_in_a_circle(self, last):
        get = Pages(token_page("a", "t1"), token_page("b", "t2"), token_page("c", last))
        assert refused(get) == (Cause.MALFORMED, "the same page is announced twice")

    def test_more_that_is_announced_and_not_named_is_an_error(self):
        cause, detail = refused(Pages(token_page("ab", has_more=True)))
        assert (cause, "announced" in detail) == (Cause.MALFORMED, True)
        assert listed(Pages(token_page("ab", has_more=False))) == ["a", "b"]

    def test_a_page_that_fails_is_not_the_end(self):
        lost = CallFailedError(Cause.SERVER_ERROR, "no")
        assert refused(Pages(token_page("a", "t1"), lost)) == (Cause.SERVER_ERROR, "no")

    @given(st.lists(st.lists(st.integers(), max_size=4), min_size=1, max_size=8))
    def test_any_split_into_pages_gives_the_same_items(self, split):
        last = len(split) - 1
        pages = [token_page(ids, f"t{n}" if n < last else None) for n, ids in enumerate(split)]
        assert listed(Pages(*pages)) == [n for ids in split for n in ids]


class TestScim:
    def test_pages_are_followed_to_the_total(self):
        get = Pages(scim_page(3, "a", "b"), scim_page(3, "c"))
        assert listed(get, Paging.SCIM, query={"attributes": "id"}) == ["a", "b", "c"]
        assert get.asked == [
            {"attributes": "id", "startIndex": 1, "count": 1000},
            {"attributes": "id", "startIndex": 3, "count": 1000},
        ]

    def test_nobody_is_a_list_too(self):
        assert listed(Pages({"totalResults": 0}), Paging.SCIM) == []

    def test_an_overlap_counts_once(self):
        get = Pages(scim_page(3, "a", "b"), scim_page(3, "b", "c"))
        assert listed(get, Paging.SCIM) == ["a", "b", "c"]

    @pytest.mark.parametrize(
        "pages",
        [
            [scim_page(3, "a", "b"), scim_page(3)],
            [scim_page(3, "a", "b"), {"totalResults": 3}],
            [scim_page(3, "a", "b"), scim_page(3, "b")],
            [scim_page(9, "a", "b"), scim_page(9, "a", "b")],
            [{"totalResults": 2}],
        ],
    )
    def test_totals_that_do_not_add_up_are_an_error(self, pages):
        cause, detail = refused(Pages(*pages), Paging.SCIM)
        assert cause is Cause.MALFORMED
        assert "entries were sent" in detail

    def test_where_one_is_deleted_meanwhile_nobody_is_passed_over(self):
        people = list(range(2500))

        def get(_path, query):
            start = query["startIndex"] - 1
            page = scim_page(len(people), *people[start : start + query["count"]])
            people[:1] = [] if len(people) > 2498 else people[:1]
            return page

        assert set(listed(get, Paging.SCIM)) >= set(people)

    def test_a_list_that_never_stays_is_an_error(self):
        pages = [scim_page(3, "a"), scim_page(2, "b")] * 5
        assert "faster than they are listed" in refused(Pages(*pages), Paging.SCIM)[1]

    @pytest.mark.parametrize("total", [None, "3", 3.5])
    def test_a_total_is_wanted(self, total):
        cause, _ = refused(Pages({"totalResults": total, "Resources": rows("a")}), Paging.SCIM)
        assert cause is Cause.MISSING_FIELD

    @given(st.sets(st.integers(), max_size=20), st.integers(1, 6))
    def test_any_page_size_gives_the_same_items(self, ids, size):
        ordered = sorted(ids)

        def get(_path, query):
            start = query["startIndex"] - 1
            return scim_page(len(ordered), *ordered[start : start + size])

        assert listed(get, Paging.SCIM) == ordered


class TestOnce:
    def test_one_answer_is_the_list(self):
        get = Pages({"things": rows("a", "b")})
        assert listed(get, Paging.ONCE, query={"scope": "x"}) == ["a", "b"]
        assert get.asked == [{"scope": "x"}]

    def test_a_list_that_is_empty_is_empty(self):
        assert listed(Pages({"things": []}), Paging.ONCE) == []

    def test_a_next_page_of_what_has_none_is_not_passed_over(self):
        get = Pages({"things": rows("a"), "next_page_token": "t"})
        assert "a next page is announced" in refused(get, Paging.ONCE)[1]

    @pytest.mark.parametrize("paging", [Paging.ONCE, Paging.TOKEN])
    def test_a_missing_list_is_empty_only_when_that_is_trusted(self, paging):
        cause, detail = refused(Pages({}), paging)
        assert cause is Cause.MISSING_FIELD
        assert "trust_empty_answers = true" in detail
        assert listed(Pages({}), paging, trust_empty=True) == []
        nothing = {"has_more": False, "prev_page_token": "", "total_count": 0}
        assert listed(Pages(nothing), paging, trust_empty=True) == []

    @pytest.mark.parametrize("paging", [Paging.ONCE, Paging.TOKEN])
    def test_an_answer_that_says_something_else_is_no_empty_list(self, paging):
        cause, detail = refused(Pages({"thing_list": rows("a")}), paging, trust_empty=True)
        assert (cause, "has thing_list" in detail) == (Cause.MISSING_FIELD, True)


class TestArray:
    def test_the_answer_is_the_list(self):
        assert listed(Pages(rows("a", "b")), Paging.ARRAY) == ["a", "b"]
        assert listed(Pages([]), Paging.ARRAY) == []

    def test_an_object_is_no_array(self):
        assert refused(Pages({}), Paging.ARRAY, trust_empty=True)[0] is Cause.MALFORMED


@pytest.mark.parametrize("paging", list(Paging))
@pytest.mark.parametrize("answer", [None, "text", 7, [1], {"things": {}, "totalResults": "x"}])
def test_an_answer_of_another_shape_is_an_error(paging, answer):
    cause, _ = refused(Pages(answer), paging, trust_empty=True)
    assert cause in {Cause.MALFORMED, Cause.MISSING_FIELD}


@pytest.mark.parametrize("value", [None, {}, "a", [None], ["a"], [[]]])
@pytest.mark.parametrize("paging", [Paging.ONCE, Paging.TOKEN])
def test_a_list_of_something_else_is_an_error(paging, value):
    assert refused(Pages({"things": value}), paging, trust_empty=True)[0] is Cause.MALFORMED
