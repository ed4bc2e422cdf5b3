"""Documents of every form are taken apart, and a secret is told by file, cell and line."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from urllib.parse import quote

import pytest

from lakewarden.hunt import archives
from lakewarden.hunt.document import Document, Form, Unread
from lakewarden.hunt.finding import Place
from lakewarden.hunt.report import spelt


def places(result):
    return [finding.place for finding in result.findings]


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def notebook(token):
    lines = [
        "# Databricks notebook source",
        "import os",
        "",
        "# COMMAND ----------",
        "",
        "# MAGIC %sh",
        f"# MAGIC export DATABRICKS_TOKEN={token}",
        "",
        "# COMMAND ----------",
        "",
        "x = 1",
    ]
    return "\n".join(lines)


def test_a_notebook_in_source_form(look, fake):
    [place] = places(look(("etl.py", notebook(fake.token).encode())))
    assert place == Place("etl.py", line=7, column=33, cell=2, cell_line=2)


def test_carriage_returns_do_not_count(look, fake):
    text = notebook(fake.token).replace("\n", "\r\n")
    [place] = places(look(("etl.py", text.encode())))
    assert (place.line, place.column, place.cell, place.cell_line) == (7, 33, 2, 2)


def test_columns_are_characters(look, fake):
    [place] = places(look(("a.py", f'größe = "ä"; t = "{fake.token}"'.encode())))
    assert place.column == 19


def test_a_jupyter_notebook_with_what_it_printed(look, fake):
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n"]},
        {
            "cell_type": "code",
            "source": ["x = 1\n", f'password = "{fake.password}"\n'],
            "outputs": [
                {"output_type": "stream", "text": [f"token {fake.token}\n"]},
                {"output_type": "display_data", "data": {"image/png": fake.other}},
            ],
        },
    ]
    data = json.dumps({"cells": cells, "metadata": {}}, indent=1).encode()
    [printed, written] = places(look(("a.ipynb", data)))
    assert (printed.cell, printed.cell_line, printed.output) == (2, 1, True)
    assert (written.cell, written.cell_line, written.output) == (2, 2, False)
    lines = data.decode().splitlines()
    assert fake.token in lines[printed.line - 1]
    assert fake.password in lines[written.line - 1]


def test_what_else_a_jupyter_notebook_says(look, fake):
    cells = [
        {
            "source": "",
            "metadata": {"widgets": {"db_password": {"currentValue": fake.password}}},
            "attachments": {"a.png": {"image/png": fake.other}},
            "outputs": [{"evalue": fake.token, "metadata": {"data": [["x", fake.token]]}}],
        },
    ]
    data = json.dumps({"cells": cells, "metadata": {"note": f"a\n{fake.token}"}}).encode()
    found = look(("a.ipynb", data)).findings
    assert [spelt(f.place) for f in found] == [
        "a.ipynb:1",
        "a.ipynb:1 (cell 1, printed)",
        "a.ipynb:1 (cell 1)",
    ]


def test_what_else_a_notebook_in_an_archive_says(look, fake):
    commands = [{"command": "", "error": fake.token, "bindings": {"db_password": fake.password}}]
    text = json.dumps({"commands": commands, "inputWidgets": {"token": fake.other}})
    data = zipped(a__sql=text).replace(b"a/sql", b"a.sql")
    assert [spelt(place) for place in places(look(("x.dbc", data)))] == [
        "x.dbc!a.sql",
        "x.dbc!a.sql (cell 1)",
        "x.dbc!a.sql (cell 1)",
    ]


def test_a_notebook_in_a_page(look, fake):
    commands = [{"command": f'# größe\nt = "{fake.token}"', "position": 1.0}]
    model = base64.b64encode(quote(json.dumps({"commands": commands})).encode()).decode()
    text = "<script>var __DATABRICKS_NOTEBOOK_MODEL = '{}';</script>"
    [place] = places(look(("a.html", text.format(model).encode())))
    assert (place.cell, place.cell_line) == (1, 2)
    broken = look(("a.html", text.format("A" * 48).encode()))
    assert broken.unread == [Unread("a.html", "the notebook in it cannot be decoded")]


def test_what_is_no_notebook_is_looked_through_as_text(look, fake):
    [place] = places(look(("a.ipynb", f'{{"cells": "{fake.token}'.encode())))
    assert place.line == 1


def test_an_archive_of_notebooks(look, fake):
    commands = [
        {"command": "second", "position": 2.0, "results": {"data": f"x {fake.other}"}},
        {"command": f'a = 1\nt = "{fake.token}"', "position": 1.0},
    ]
    data = zipped(etl__load=b"", etl__load_py=json.dumps({"commands": commands}))
    data = data.replace(b"load_py", b"a.scala")
    [first, second] = sorted(places(look(("all.dbc", data))), key=lambda place: place.cell)
    assert (first.member, first.cell, first.cell_line) == ("etl/a.scala", 1, 2)
    assert (second.cell, second.output) == (2, True)


def test_archives_within_archives(look, fake):
    inner = zipped(settings_conf=f"spark.password {fake.password}").replace(b"s_conf", b"s.conf")
    assert places(look(("x.whl", zipped(inner_zip=inner))))[0].member.startswith("inner_zip!")
    deep = zipped(c=zipped(b=zipped(a=inner)))
    result = look(("deep.zip", deep))
    assert result.unread == [Unread("deep.zip!c!b!a", "is an archive within archives")]
    assert result.scanned == 0


def tarred(mode="w", **members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, text in members.items():
            about = tarfile.TarInfo(f"conf/{name}.py")
            about.size = len(text)
            archive.addfile(about, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.tar.gz", "a.bin"])
def test_tar_archives(look, fake, name):
    [place] = places(look((name, tarred("w:gz", a=f"token = '{fake.token}'"))))
    assert place.member == "conf/a.py"


@pytest.mark.parametrize("spoilt", ["damaged", "followed"])
def test_what_is_behind_the_end_of_a_tar_archive_is_said(look, fake, spoilt):
    whole = bytearray(tarred(a="x = 1", b=f"token = '{fake.token}'"))
    whole[1024] ^= 1
    data = bytes(whole) if spoilt == "damaged" else tarred(a="x = 1") + tarred(b="y = 2")
    result = look(("a.tar", data))
    assert result.unread[0].why == "the archive is damaged, or another one follows it"


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_opened_whatever_it_is_called(look, fake, packed):
    data = packed(f"\ntoken = '{fake.token}'".encode())
    [place] = places(look(("dump.gz", data)))
    assert (place.member, place.line) == ("dump", 2)
    [place] = places(look(("dump", packed(packed(b"x" * 2**21) + data))))
    assert place.member == "dump!dump"
    assert len(look(("dump", packed(b"x") + bytes(2**20 + 4) + data)).findings) == 1
    for spoilt in (data[:-9], data + b"token"):
        assert look(("dump", spoilt)).unread[0].why == "the archive is cut or damaged"


def test_an_archive_behind_a_program_is_opened_and_the_program_read(look, fake):
    data = f"#!/bin/sh\nexport T={fake.token}\n".encode() + zipped(a=f"t = '{fake.other}'")
    assert [(p.member, p.line) for p in places(look(("run", data)))] == [("", 2), ("a", 1)]


def test_one_member_that_cannot_be_read_keeps_none_back(look, fake):
    result = look(("a.zip", zipped(a=b"PK\x03\x04", b=f"t = '{fake.token}'")))
    assert [place.member for place in places(result)] == ["b"]
    assert result.unread == [Unread("a.zip!a", "the archive is cut or damaged")]


@pytest.mark.parametrize(
    "begins",
    [
        *(b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01"),
        *(b"PACK\0\0\0\2", b"PAR1", b"ORC\x0a", b"Obj\x01", b"x\x9c", b"%PDF-1.7\n<</FlateDecode"),
        b"version https://git-lfs.github.com/spec/v1\n",
    ],
)
def test_what_is_not_opened_is_said(look, begins):
    result = look(("a", begins + bytes(9)))
    assert (len(result.unread), result.scanned) == (1, 0)


@pytest.mark.parametrize("name", ["cut.zip", "cut.tgz"])
def test_a_cut_archive_is_not_scanned(look, name):
    data = zipped(a=b"x" * 5000, b=bytes(range(256)) * 40)[:200] if "zip" in name else b"\x1f\x8b"
    result = look((name, data))
    assert (result.scanned, result.total) == (0, 1)
    assert result.unread[0].why == "the archive is cut or damaged"


def test_an_archive_that_would_burst_is_not_opened(look, monkeypatch):
    monkeypatch.setattr(archives, "_MOST_EXPANDED", 2**20)
    result = look(("bomb.zip", zipped(a=bytes(2**20 + 1))))
    assert "more than" in result.unread[0].why


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_text_in_wide_characters(look, fake, encoding, marked):
    text = "\ufeff" * marked + f"# größe\n$password = '{fake.password}'"
    [place] = places(look(("a.ps1", text.encode(encoding))))
    assert place.line == 2


def test_in_what_is_no_text_formats_alone_count(look, fake):
    data = b"\0\1\2" + f'password = "{fake.password}"\n{fake.token} '.encode()
    assert [f.rule for f in look(("model.pkl", data)).findings] == ["databricks-token"]


def test_settings_are_told_by_their_place(look, fake):
    spec = {
        "name": "nightly",
        "tasks": [{"notebook_task": {"base_parameters": {"db_password": fake.password}}}],
        "spark_python_task": {"parameters": ["--token", fake.token]},
        "policy": json.dumps(
            {"spark_env_vars.API_TOKEN": {"type": "fixed", "value": "q7Rt2Xw9Lm4Zk8Vb3Nc6"}}
        ),
        "query": f"SELECT 1;\n-- {fake.other}",
    }
    document = Document("job nightly", json.dumps(spec).encode(), form=Form.ASSET)
    assert {place.member for place in places(look(document))} == {
        "tasks[0].notebook_task.base_parameters.db_password",
        "spark_python_task.parameters",
        "policy.spark_env_vars.API_TOKEN.value",
        "query",
    }


def test_settings_however_deep_are_looked_through(look, fake):
    spec = {"token": fake.token}
    for _ in range(80):
        spec = {"a": spec}
    assert len(look(Document("job x", json.dumps(spec).encode(), form=Form.ASSET)).findings) == 1


def test_a_definition_that_is_none_is_not_scanned(look):
    document = Document("job x", b"{", form=Form.ASSET)
    assert look(document).unread[0].why == "its definition is not JSON"


def test_pictures_are_no_secrets(look):
    picture = base64.b64encode(bytes(range(256)) * 20).decode()
    text = f"html = \"<img src='data:image/png;base64,{picture}'>\""
    assert not look(("a.py", text.encode())).findings
