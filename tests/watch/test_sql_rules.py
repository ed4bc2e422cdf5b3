"""Queries of rules keep to what every engine reads alike, as docs/rules.md says it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlglot
from sqlglot import exp

from lakewarden.watch import library

TABLES = {"events", "places", "files", "ip_lists"}
COLUMNS = ["account_id", "entity", "ts", "id"]
ALIKE = {
    *(exp.And, exp.Or, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least),
    *(exp.Count, exp.Sum, exp.Min, exp.Max, exp.Lag, exp.Lead, exp.RowNumber, exp.Rank),
    *(exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring, exp.Replace, exp.StrPosition),
    *(exp.RegexpLike, exp.RegexpExtract, exp.JSONExtractScalar, exp.Abs, exp.Floor),
    *(exp.Cast, exp.TryCast),
}
"""The functions that mean the same everywhere."""
BY_NAME = {"get_json_object", "instr", "regexp_like"}
"""Those of them that a dialect knows by their name only."""
NEVER = {
    exp.Interval: "INTERVAL",
    exp.Qualify: "QUALIFY",
    exp.Array: "a list",
    exp.Lambda: "a list",
    exp.Unnest: "a list",
    exp.Lateral: "a list",
    exp.IntDiv: "DIV",
    exp.Limit: "LIMIT",
    exp.IgnoreNulls: "IGNORE NULLS",
    exp.Dot: "a part",
}
DIALECTS = ("duckdb", "databricks")


def refused(query: str) -> Iterator[str]:
    """Yield what a query has that it may not."""
    if "\\" in query:
        yield "a backslash"
    plain = re.sub(r"\$\{select\.\w+\}", "TRUE", query)
    plain = re.sub(r"\$\{(site|set)\.\w+\}", "'x'", plain)
    for found in sqlglot.parse_one(plain).find_all(exp.RegexpExtract):
        if not found.args.get("position"):
            yield "regexp_extract without a group, whose default differs"
    for dialect in DIALECTS:
        tree = sqlglot.parse_one(plain, dialect=dialect)
        yield from (f"{what} ({dialect})" for what in _of_tree(tree))


def _of_tree(tree: exp.Expression) -> Iterator[str]:
    if not isinstance(tree, exp.Query) or tree.named_selects != COLUMNS:
        yield f"other columns than {', '.join(COLUMNS)}"
    here = {cte.alias for cte in tree.find_all(exp.CTE)}
    yield from (
        f"the table {t.name}" for t in tree.find_all(exp.Table) if t.name not in TABLES | here
    )
    for node in tree.walk():
        yield from _of_node(node)


def _of_node(node: exp.Expression) -> Iterator[str]:
    for kind, name in NEVER.items():
        if isinstance(node, kind):
            yield name
    if type(node) is exp.Cast and not node.to.is_type("text"):
        yield f"a cast to {node.to.sql()} that may fail"
    if isinstance(node, exp.Column) and node.table == "params":
        yield "a part of params"
    if isinstance(node, exp.Bracket) and not _of_params(node):
        yield f"an index: {node.sql()}"
    if isinstance(node, exp.Window) and node.find(exp.Distinct):
        yield "COUNT(DISTINCT) OVER"
    if isinstance(node, exp.Anonymous) and node.name.lower() not in BY_NAME:
        yield f"the function {node.name}"
    elif isinstance(node, exp.Func) and not isinstance(node, (exp.Anonymous, *ALIKE)):
        yield f"the function {node.sql_name()}"


def _of_params(node: exp.Bracket) -> bool:
    keys = node.expressions
    return node.this.name == "params" and len(keys) == 1 and keys[0].is_string


def test_every_query_keeps_to_it():
    queries = {r.id: r.spec["query"] for r in library.rules().values() if r.kind == "sql"}
    assert queries
    assert [(name, what) for name, query in queries.items() for what in refused(query)] == []


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ("account_id, entity, ts, ts + INTERVAL 1 DAY AS id", "INTERVAL"),
        ("account_id, entity, ts, date_trunc('day', ts) AS id", "the function"),
        ("account_id, entity, ts, CAST(id AS BIGINT) AS id", "a cast to"),
        ("account_id, entity, ts, COUNT(DISTINCT id) OVER (ORDER BY ts) AS id", "DISTINCT"),
        ("account_id, entity, ts, array(id) AS id", "a list"),
        ("account_id, entity, ts, split(id, 'a')[0] AS id", "an index"),
        ("account_id, entity, ts, params[id] AS id", "an index"),
        ("account_id, entity, ts, params.id AS id", "a part"),
        ("account_id, entity, ts, regexp_extract(id, 'a') AS id", "without a group"),
        ("account_id, entity, ts, dayofweek(ts) AS id", "the function"),
        ("account_id, entity, ts, time_bucket(ts, ts) AS id", "the function"),
        ("account_id, entity, ts", "other columns"),
        (r"account_id, entity, ts, 'a\d' AS id", "a backslash"),
    ],
)
def test_what_is_not_read_alike_is_refused(columns, what):
    assert what in " ".join(refused(f"SELECT {columns} FROM events"))


@pytest.mark.parametrize(
    ("rest", "what"),
    [
        ("FROM audit", "the table audit"),
        ("FROM events LIMIT 1", "LIMIT"),
        ("FROM events QUALIFY ROW_NUMBER() OVER (ORDER BY ts) = 1", "QUALIFY"),
    ],
)
def test_what_is_not_there_everywhere_is_refused(rest, what):
    assert what in " ".join(refused(f"SELECT account_id, entity, ts, id {rest}"))
