"""Queries, alerts, dashboards, experiments, models, destinations: made, changed, listed, gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
)
from databricks.sdk.service import dashboards, ml, pipelines, settings, sql
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, ObjectType

from simulate.compute.lab import ADMIN, MAKER, USER, Client
from simulate.compute.test_compute_audit import last

HOME = f"/Users/{MAKER}"
CRON = dashboards.CronSchedule(quartz_cron_expression="0 0 6 * * ?", timezone_id="UTC")


def share(admin: WorkspaceClient, kind: str, object_id: str | None, level: str) -> None:
    entry = AccessControlRequest(user_name=USER, permission_level=PermissionLevel(level))
    admin.permissions.update(kind, object_id or "", access_control_list=[entry])


@pytest.fixture(scope="module")
def warehouse(admin: WorkspaceClient) -> str:
    made = admin.warehouses.create(name="kept", cluster_size="2X-Small")
    return made.response.id or ""


def test_a_query_is_made_changed_and_thrown_away(
    client: Client, admin: WorkspaceClient, warehouse: str, audit_dir: Path
) -> None:
    maker = client(MAKER)
    asked = sql.CreateQueryRequestQuery(
        display_name="weekly", query_text="SELECT 1", warehouse_id=warehouse, tags=["kpi"]
    )
    made = maker.queries.create(query=asked)
    assert made.parent_path == f"/Workspace{HOME}"
    assert (made.owner_user_name, made.run_as_mode) == (MAKER, sql.RunAsMode.OWNER)
    assert last(audit_dir, "databrickssql.createQuery")["requestParams"]["objectId"] == made.id
    with pytest.raises(ResourceAlreadyExists):
        maker.queries.create(query=asked)
    second = maker.queries.create(query=asked, auto_resolve_display_name=True)
    assert second.display_name == "weekly (1)"
    with pytest.raises(InvalidParameterValue, match="does not exist"):
        maker.queries.create(query=sql.CreateQueryRequestQuery(warehouse_id="nowhere"))
    with pytest.raises(ResourceDoesNotExist):
        maker.queries.create(query=sql.CreateQueryRequestQuery(parent_path="/Users/nobody"))
    change = sql.UpdateQueryRequestQuery(query_text="SELECT 2", owner_user_name=ADMIN)
    maker.queries.update(made.id or "", update_mask="query_text", query=change)
    kept = maker.queries.get(made.id or "")
    assert (kept.query_text, kept.owner_user_name, kept.tags) == ("SELECT 2", MAKER, ["kpi"])
    listed = {query.id: query for query in admin.queries.list(page_size=1)}
    assert "parent_path" not in listed[made.id].as_dict()
    assert made.id not in {query.id for query in client(USER).queries.list()}
    share(admin, "queries", made.id, "CAN_READ")
    assert client(USER).queries.get(made.id or "").display_name == "weekly"
    with pytest.raises(PermissionDenied):
        client(USER).queries.update(made.id or "", update_mask="*", query=change)
    maker.queries.delete(made.id or "")
    assert made.id not in {query.id for query in admin.queries.list()}
    state = admin.queries.get(made.id or "").lifecycle_state
    assert state is sql.LifecycleState.TRASHED


def test_alerts_of_both_generations(client: Client, warehouse: str) -> None:
    maker = client(MAKER)
    query = maker.queries.create(query=sql.CreateQueryRequestQuery(display_name="watched"))
    condition = sql.AlertCondition(
        op=sql.AlertOperator.GREATER_THAN,
        operand=sql.AlertConditionOperand(column=sql.AlertOperandColumn(name="n")),
        threshold=sql.AlertConditionThreshold(value=sql.AlertOperandValue(double_value=1)),
    )
    old = maker.alerts.create(
        alert=sql.CreateAlertRequestAlert(
            display_name="old", query_id=query.id, condition=condition
        )
    )
    assert old.condition == condition
    evaluation = sql.AlertV2Evaluation(
        source=sql.AlertV2OperandColumn(name="n"),
        comparison_operator=sql.ComparisonOperator.GREATER_THAN,
        threshold=sql.AlertV2Operand(value=sql.AlertV2OperandValue(double_value=1)),
    )
    schedule = sql.CronSchedule(quartz_cron_schedule="0 0 * * * ?", timezone_id="UTC")
    asked = sql.AlertV2("new", "SELECT 1 AS n", warehouse, evaluation, schedule)
    new = maker.alerts_v2.create_alert(asked)
    assert new.effective_run_as == sql.AlertV2RunAs(user_name=MAKER)
    asked.query_text = "SELECT 2 AS n"
    maker.alerts_v2.update_alert(new.id or "", asked, update_mask="query_text")
    (listed,) = maker.alerts_v2.list_alerts()
    assert (listed.query_text, listed.evaluation) == ("SELECT 2 AS n", evaluation)
    assert [alert.id for alert in maker.alerts.list()] == [old.id]
    maker.alerts.delete(old.id or "")
    maker.alerts_v2.trash_alert(new.id or "")
    assert list(maker.alerts.list()) == list(maker.alerts_v2.list_alerts()) == []


def test_a_dashboard_lives_in_the_tree(
    client: Client, admin: WorkspaceClient, warehouse: str, audit_dir: Path
) -> None:
    maker = client(MAKER)
    text = json.dumps({"pages": [{"name": "a"}], "datasets": []})
    asked = dashboards.Dashboard(
        display_name="sales", serialized_dashboard=text, warehouse_id=warehouse
    )
    made = maker.lakeview.create(asked)
    key = made.dashboard_id or ""
    assert made.path == f"{HOME}/sales.lvdash.json"
    assert last(audit_dir, "dashboards.createDashboard")["requestParams"]["dashboard_id"] == key
    found = maker.workspace.get_status(made.path)
    assert (found.object_type, found.resource_id) == (ObjectType.DASHBOARD, key)
    assert maker.workspace.download(made.path, format=ExportFormat.AUTO).read() == text.encode()
    with pytest.raises(ResourceAlreadyExists):
        maker.lakeview.create(asked)
    maker.lakeview.update(key, dashboards.Dashboard(display_name="revenue", etag=made.etag))
    with pytest.raises(ResourceConflict):
        maker.lakeview.update(key, dashboards.Dashboard(display_name="late", etag=made.etag))
    assert maker.lakeview.get(key).path == f"{HOME}/revenue.lvdash.json"
    (listed,) = maker.lakeview.list()
    assert listed.serialized_dashboard is None
    with pytest.raises(NotFound):
        maker.lakeview.get_published(key)
    maker.lakeview.publish(key, embed_credentials=False)
    assert maker.lakeview.get_published(key).warehouse_id == warehouse
    share(admin, "dashboards", key, "CAN_READ")
    assert client(USER).lakeview.get(key).serialized_dashboard == text
    maker.workspace.upload(f"{HOME}/copy.lvdash.json", text.encode(), format=ImportFormat.AUTO)
    assert {d.display_name for d in maker.lakeview.list()} == {"revenue", "copy"}
    maker.lakeview.trash(key)
    with pytest.raises(NotFound):
        maker.lakeview.get(key)
    assert key in {d.dashboard_id for d in maker.lakeview.list(show_trashed=True)}
    maker.workspace.delete(f"{HOME}/copy.lvdash.json")
    assert list(maker.lakeview.list()) == []


def test_a_dashboard_goes_out_by_schedules(client: Client) -> None:
    maker = client(MAKER)
    key = maker.lakeview.create(dashboards.Dashboard(display_name="out")).dashboard_id or ""
    schedule = maker.lakeview.create_schedule(key, dashboards.Schedule(cron_schedule=CRON))
    paused = dashboards.Schedule(
        cron_schedule=CRON, pause_status=dashboards.SchedulePauseStatus.PAUSED, etag=schedule.etag
    )
    maker.lakeview.update_schedule(key, schedule.schedule_id or "", paused)
    (kept,) = maker.lakeview.list_schedules(key)
    assert kept.pause_status is dashboards.SchedulePauseStatus.PAUSED
    user = dashboards.Subscriber(user_subscriber=dashboards.SubscriptionSubscriberUser(user_id=7))
    maker.lakeview.create_subscription(
        key, kept.schedule_id or "", dashboards.Subscription(subscriber=user)
    )
    (subscription,) = maker.lakeview.list_subscriptions(key, kept.schedule_id or "")
    assert subscription.subscriber == user
    maker.lakeview.delete_schedule(key, kept.schedule_id or "")
    assert list(maker.lakeview.list_schedules(key)) == []
    maker.lakeview.trash(key)


def test_an_experiment_has_its_place_in_the_tree(client: Client, admin: WorkspaceClient) -> None:
    maker = client(MAKER)
    with pytest.raises(ResourceDoesNotExist, match="Parent directory"):
        maker.experiments.create_experiment(f"{HOME}/nowhere/trial")
    tags = [ml.ExperimentTag("team", "science")]
    made = maker.experiments.create_experiment(f"{HOME}/trial", tags=tags).experiment_id or ""
    found = maker.workspace.get_status(f"{HOME}/trial")
    # The SDK's enumeration has no such type.
    raw = maker.api_client.do("GET", "/api/2.0/workspace/list", query={"path": HOME})
    assert isinstance(raw, dict)
    types = {entry["path"]: entry["object_type"] for entry in raw["objects"]}
    assert types[f"{HOME}/trial"] == "MLFLOW_EXPERIMENT"
    assert str(found.object_id) == made
    maker.experiments.set_experiment_tag(made, "stage", "draft")
    kept = maker.experiments.get_by_name(f"{HOME}/trial").experiment
    assert kept
    values = {tag.key: tag.value for tag in kept.tags or []}
    assert (values["team"], values["stage"]) == ("science", "draft")
    assert values["mlflow.ownerEmail"] == MAKER
    maker.experiments.update_experiment(made, new_name=f"{HOME}/second trial")
    share(admin, "experiments", made, "CAN_READ")
    names = [e.name for e in client(USER).experiments.search_experiments(max_results=1)]
    assert names == [f"{HOME}/second trial"]
    maker.experiments.delete_experiment(made)
    assert list(maker.experiments.search_experiments()) == []
    gone = maker.experiments.search_experiments(view_type=ml.ViewType.DELETED_ONLY)
    assert [e.experiment_id for e in gone] == [made]
    maker.experiments.restore_experiment(made)
    assert maker.workspace.get_status(f"{HOME}/second trial").resource_id == made
    maker.workspace.delete(f"{HOME}/second trial")
    with pytest.raises(BadRequest, match="is deleted"):
        maker.experiments.set_experiment_tag(made, "late", "x")


def test_models_and_their_versions(client: Client, admin: WorkspaceClient, audit_dir: Path) -> None:
    maker = client(MAKER)
    maker.model_registry.create_model("churn", description="who leaves")
    with pytest.raises(ResourceAlreadyExists):
        maker.model_registry.create_model("churn")
    for number in (1, 2):
        maker.model_registry.create_model_version("churn", f"dbfs:/models/{number}")
    maker.model_registry.transition_stage("churn", "2", "Production", False)  # noqa: FBT003 - the SDK's order
    maker.model_registry.set_model_tag("churn", "team", "science")
    model = maker.model_registry.get_model("churn").registered_model_databricks
    assert model
    latest = {v.current_stage: v.version for v in model.latest_versions or []}
    assert latest == {"None": "1", "Production": "2"}
    assert [m.name for m in admin.model_registry.list_models()] == ["churn"]
    assert list(client(USER).model_registry.list_models()) == []
    share(admin, "registered-models", model.id, "CAN_READ")
    versions = client(USER).model_registry.search_model_versions(filter="name='churn'")
    assert [v.version for v in versions] == ["2", "1"]
    with pytest.raises(BadRequest, match="Production"):
        maker.model_registry.delete_model("churn")
    maker.model_registry.transition_stage("churn", "2", "Archived", False)  # noqa: FBT003 - the SDK's order
    maker.model_registry.rename_model("churn", new_name="churned")
    renamed = maker.model_registry.search_model_versions(filter="name='churned'")
    assert {v.name for v in renamed} == {"churned"}
    maker.model_registry.delete_model("churned")
    assert last(audit_dir, "modelRegistry.deleteRegisteredModel")["requestParams"] == {
        "name": "churned"
    }
    assert list(admin.model_registry.search_models()) == []


def test_destinations_keep_their_secrets(client: Client, admin: WorkspaceClient) -> None:
    hook = settings.GenericWebhookConfig(url="https://hooks.example/x", password="hidden-42")
    made = admin.notification_destinations.create(
        display_name="hook", config=settings.Config(generic_webhook=hook)
    )
    assert made.destination_type is settings.DestinationType.WEBHOOK
    shown = admin.notification_destinations.get(made.id or "").as_dict()
    assert "hidden-42" not in json.dumps(shown)
    assert shown["config"]["generic_webhook"] == {"url_set": True, "password_set": True}
    (listed,) = client(MAKER).notification_destinations.list()
    assert listed.display_name == "hook"
    mail = settings.Config(email=settings.EmailConfig(addresses=["a@lab.example"]))
    with pytest.raises(InvalidParameterValue, match="type"):
        admin.notification_destinations.update(made.id or "", config=mail)
    with pytest.raises(PermissionDenied):
        client(MAKER).notification_destinations.delete(made.id or "")
    admin.notification_destinations.delete(made.id or "")


def test_a_deleted_pool_is_still_listed(admin: WorkspaceClient) -> None:
    pool_id = admin.instance_pools.create("short-lived", "m6id.large").instance_pool_id or ""
    admin.instance_pools.delete(pool_id)
    states = {p.instance_pool_id: p.state for p in admin.instance_pools.list()}
    assert states[pool_id]
    assert states[pool_id].value == "DELETED"
    with pytest.raises(ResourceDoesNotExist):
        admin.instance_pools.get(pool_id)
    with pytest.raises(InvalidParameterValue, match="Can't find an instance pool"):
        admin.clusters.create("17.3.x-scala2.13", instance_pool_id=pool_id, num_workers=1)


def test_init_scripts_make_room_for_each_other(admin: WorkspaceClient) -> None:
    def order() -> list[tuple[str | None, int | None]]:
        return [(s.name, s.position) for s in admin.global_init_scripts.list()]

    before = len(order())
    made = {
        name: admin.global_init_scripts.create(name, "ZQ==", position=place).script_id or ""
        for name, place in (("a", 0), ("b", 0), ("c", 1))
    }
    assert order()[:3] == [("b", 0), ("c", 1), ("a", 2)]
    admin.global_init_scripts.update(made["a"], "a", "ZQ==", position=0)
    assert order()[:3] == [("a", 0), ("b", 1), ("c", 2)]
    for script_id in made.values():
        admin.global_init_scripts.delete(script_id)
    assert [place for _, place in order()] == list(range(before))


def test_some_names_are_taken_once(admin: WorkspaceClient) -> None:
    admin.warehouses.create(name="single", cluster_size="2X-Small")
    with pytest.raises(ResourceAlreadyExists):
        admin.warehouses.create(name="single", cluster_size="2X-Small")
    admin.instance_pools.create("single", "m6id.large")
    with pytest.raises(InvalidParameterValue, match="already exists"):
        admin.instance_pools.create("single", "m6id.large")
    admin.pipelines.create(name="single", serverless=True)
    with pytest.raises(ResourceConflict):
        admin.pipelines.create(name="single", serverless=True)
    made = admin.pipelines.create(name="single", serverless=True, allow_duplicate_names=True)
    runs_as = pipelines.RunAs(user_name=MAKER)
    admin.pipelines.update(
        made.pipeline_id or "", name="single", run_as=runs_as, allow_duplicate_names=True
    )
    assert admin.pipelines.get(made.pipeline_id or "").run_as_user_name == MAKER
