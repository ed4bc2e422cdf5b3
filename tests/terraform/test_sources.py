from __future__ import annotations

import pytest

from lakewarden.errors import UsageError
from lakewarden.terraform.sources import lines_of


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".tf").write_text(text, "utf-8")


def test_resources_of_the_root_module_and_of_local_ones(tmp_path):
    write(
        tmp_path,
        main='# one\nresource "aws_vpc" "this" {\n}\n\nmodule "net" {\n  source = "./net"\n}\n',
        more='  resource "aws_subnet"   "a"   {\n}\n',
        net__main='\nmodule "deep" {\n  source = "../deep"\n}\n',
        deep__x='/* resource "aws_vpc" "no" {\n*/\nresource "aws_vpc" "yes" {\n}\n',
    )
    wanted = [
        "aws_vpc.this",
        "aws_subnet.a",
        'module.net["x"].module.deep.aws_vpc.yes[0]',
        "module.net.module.deep.aws_vpc.no",
        "aws_vpc.elsewhere",
    ]
    assert lines_of(tmp_path, iter(wanted)) == {
        "aws_vpc.this": "main.tf:2",
        "aws_subnet.a": "more.tf:1",
        'module.net["x"].module.deep.aws_vpc.yes[0]': "deep/x.tf:3",
    }


def test_a_module_from_elsewhere_is_not_followed(tmp_path):
    remote = 'module "net" {\n  source = "hashicorp/net/aws"\n}\nresource "aws_vpc" "v" {\n}\n'
    write(tmp_path, main=remote)
    assert lines_of(tmp_path, iter(["aws_vpc.v", "module.net.aws_vpc.v"])) == {
        "aws_vpc.v": "main.tf:4"
    }


def test_a_module_that_calls_itself_ends(tmp_path):
    write(tmp_path, main='module "m" {\n  source = "./"\n}\nresource "aws_vpc" "v" {\n}\n')
    assert lines_of(tmp_path, iter(["module.m.aws_vpc.v"])) == {"module.m.aws_vpc.v": "main.tf:4"}


def test_a_folder_without_configuration_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no Terraform configuration"):
        lines_of(tmp_path, iter(()))
