from __future__ import annotations

from lakewarden.plan.plan import Origin, Plan
from lakewarden.store.plans import read_plan, write_plan


def test_a_plan_comes_back_and_is_for_its_owner_alone(tmp_path):
    plan = Plan(Origin("22222222-2222-4222-8222-222222222222", "2026-01-01T00:00:00+00:00", ""), ())
    write_plan(tmp_path / "plan.json", plan)
    assert read_plan(tmp_path / "plan.json") == plan
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o600
