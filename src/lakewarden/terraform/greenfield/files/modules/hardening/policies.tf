# What clusters may be. Policies of your own, and the four that every workspace begins with.

locals {
  machines = ["m6id.large", "m6id.xlarge", "r6id.xlarge", "c6id.2xlarge", "i4i.xlarge"]

  guardrails = merge(
    {
      data_security_mode                    = { type = "allowlist", values = ["USER_ISOLATION", "SINGLE_USER"], defaultValue = "USER_ISOLATION" }
      spark_version                         = { type = "allowlist", values = ["auto:latest-lts"], defaultValue = "auto:latest-lts" }
      node_type_id                          = { type = "allowlist", values = local.machines, defaultValue = local.machines[0] }
      driver_node_type_id                   = { type = "allowlist", values = local.machines, defaultValue = local.machines[0] }
      instance_pool_id                      = { type = "forbidden", hidden = true }
      driver_instance_pool_id               = { type = "forbidden", hidden = true }
      dbus_per_hour                         = { type = "range", maxValue = 20 }
      enable_local_disk_encryption          = { type = "fixed", value = true }
      "aws_attributes.instance_profile_arn" = { type = "forbidden" }
      "docker_image.url"                    = { type = "forbidden" }
      "docker_image.basic_auth.username"    = { type = "forbidden" }
      "docker_image.basic_auth.password"    = { type = "forbidden" }
      "ssh_public_keys.*"                   = { type = "forbidden" }
    },
    { for place in ["workspace", "volumes", "s3", "file", "dbfs"] : "init_scripts.*.${place}.destination" => { type = "forbidden" } },
    { for key, value in var.tags : "custom_tags.${key}" => { type = "fixed", value = value } },
  )

  interactive = {
    cluster_type            = { type = "fixed", value = "all-purpose" }
    autotermination_minutes = { type = "range", minValue = 10, maxValue = 60, defaultValue = 30 }
  }

  scheduled = {
    cluster_type            = { type = "fixed", value = "job" }
    autotermination_minutes = { type = "fixed", value = 30, hidden = true }
  }

  workers = {
    num_workers             = { type = "forbidden" }
    "autoscale.min_workers" = { type = "range", minValue = 1, maxValue = 2, defaultValue = 1 }
    "autoscale.max_workers" = { type = "range", minValue = 1, maxValue = 8, defaultValue = 2 }
  }

  alone = {
    num_workers             = { type = "fixed", value = 0, hidden = true }
    "autoscale.min_workers" = { type = "forbidden" }
    "autoscale.max_workers" = { type = "forbidden" }
    data_security_mode      = { type = "fixed", value = "SINGLE_USER" }
  }

  families = {
    "personal-vm"    = ["Personal Compute", merge(local.interactive, local.alone)]
    "power-user"     = ["Power User Compute", merge(local.interactive, local.workers)]
    "shared-compute" = ["Shared Compute", merge(local.interactive, local.workers)]
    "job-cluster"    = ["Job Compute", merge(local.scheduled, local.workers)]
  }
}

resource "databricks_cluster_policy" "interactive" {
  name                  = "${var.name}-interactive"
  max_clusters_per_user = 2
  definition            = jsonencode(merge(local.guardrails, local.interactive, local.workers))
}

resource "databricks_cluster_policy" "jobs" {
  name                  = "${var.name}-jobs"
  max_clusters_per_user = 10
  definition            = jsonencode(merge(local.guardrails, local.scheduled, local.workers))
}

resource "databricks_cluster_policy" "builtin" {
  for_each                           = local.families
  name                               = each.value[0]
  policy_family_id                   = each.key
  max_clusters_per_user              = 1
  policy_family_definition_overrides = jsonencode(merge(local.guardrails, each.value[1]))
}

resource "databricks_permissions" "policies" {
  for_each = {
    interactive = databricks_cluster_policy.interactive.id
    jobs        = databricks_cluster_policy.jobs.id
  }
  cluster_policy_id = each.value

  access_control {
    group_name       = var.user_group
    permission_level = "CAN_USE"
  }
}
