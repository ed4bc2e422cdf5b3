# Where serverless compute connects to, and from where the workspace is reached.

resource "databricks_account_network_policy" "this" {
  network_policy_id = var.name

  egress = {
    network_access = {
      restriction_mode = "RESTRICTED_ACCESS"

      policy_enforcement = {
        enforcement_mode = "ENFORCED"
      }

      allowed_internet_destinations = [
        for domain in var.allowed_domains : {
          destination               = domain
          internet_destination_type = "DNS_NAME"
        }
      ]

      allowed_storage_destinations = [
        {
          bucket_name              = var.data_bucket
          region                   = var.region
          storage_destination_type = "AWS_S3"
        }
      ]
    }
  }

  ingress = {
    cross_workspace_access = {
      restriction_mode = "RESTRICTED_ACCESS"
    }

    private_access = {
      restriction_mode = "ALLOW_ALL_REGISTERED_ENDPOINTS"
    }

    public_access = {
      restriction_mode = "RESTRICTED_ACCESS"

      allow_rules = [
        {
          label = "people"

          origin = {
            included_ip_ranges = {
              ip_ranges = var.people_addresses
            }
          }

          authentication = {
            identity_type = "IDENTITY_TYPE_ALL_USERS"
          }
        },
        {
          label = "service principals"

          origin = {
            included_ip_ranges = {
              ip_ranges = var.people_addresses
            }
          }

          authentication = {
            identity_type = "IDENTITY_TYPE_ALL_SERVICE_PRINCIPALS"
          }
        },
      ]
    }
  }
}

resource "databricks_workspace_network_option" "this" {
  workspace_id      = databricks_mws_workspaces.this.workspace_id
  network_policy_id = databricks_account_network_policy.this.network_policy_id
}
