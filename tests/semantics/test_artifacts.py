from __future__ import annotations

import pytest

from lakewarden.semantics.artifacts import is_broad


@pytest.mark.parametrize("kind", ["INIT_SCRIPT", "LIBRARY_JAR"])
@pytest.mark.parametrize(
    ("entry", "broad"),
    [
        ("", True),
        ("/", True),
        ("*", True),
        ("/Volumes/main/*", True),
        ("/Volumes", True),
        ("/Volumes/main/", True),
        ("/Volumes/main/platform/", True),
        ("/Volumes/main/platform/jars", False),
        ("/Volumes/main/platform/jars/", False),
        ("/Workspace/", True),
        ("/Workspace/Users/", True),
        ("/Workspace/Users/ann@example.com/", False),
        ("/Workspace/Platform/jars/", False),
        ("/Workspace/Shared/jars/", True),
        ("/Shared/jars/", True),
        ("/dbfs/FileStore/jars/", True),
        ("s3://acme-jars", True),
        ("s3:", True),
        ("s3://", True),
        ("s3a:///", True),
        ("s3://acme-jars/", False),
        ("dbfs:/FileStore/jars/", True),
        ("https://example.com/jars/", True),
    ],
)
def test_a_path_is_broad_unless_it_is_one_place(entry, kind, broad):
    assert is_broad(entry, kind) is broad


@pytest.mark.parametrize(
    ("entry", "broad"),
    [
        ("", True),
        (":", True),
        ("com", True),
        ("com.", True),
        ("*:*", True),
        ("com.acme", False),
        ("com.acme:", False),
        ("junit:junit", False),
        ("com.acme:loader:1.0", False),
    ],
)
def test_coordinates_are_broad_unless_they_name_a_group(entry, broad):
    assert is_broad(entry, "LIBRARY_MAVEN") is broad
