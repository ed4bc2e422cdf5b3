# Who may talk to whom. Clusters talk to each other, to the endpoints of their VPC and to S3; behind
# the firewall also to what that lets through.

data "aws_ec2_managed_prefix_list" "s3" {
  name = "com.amazonaws.${var.region}.s3"
}

locals {
  # Where clusters reach Databricks through PrivateLink: the API, the relay, and what comes with them.
  databricks_ports = [[443, 443], [2443, 2443], [6666, 6666], [8443, 8451]]
}

resource "aws_security_group" "clusters" {
  name        = "${var.name}-clusters"
  description = "Machines of ${var.name}"
  vpc_id      = aws_vpc.this["workspace"].id
  tags        = { Name = "${var.name}-clusters" }

  dynamic "ingress" {
    for_each = ["tcp", "udp"]
    content {
      protocol  = ingress.value
      from_port = 0
      to_port   = 65535
      self      = true
    }
  }

  dynamic "egress" {
    for_each = ["tcp", "udp"]
    content {
      protocol  = egress.value
      from_port = 0
      to_port   = 65535
      self      = true
    }
  }

  dynamic "egress" {
    for_each = local.databricks_ports
    content {
      protocol    = "tcp"
      from_port   = egress.value[0]
      to_port     = egress.value[1]
      cidr_blocks = local.inspected && egress.value[0] == 443 ? [var.vpc_cidr, "0.0.0.0/0"] : [var.vpc_cidr]
    }
  }

  egress {
    protocol        = "tcp"
    from_port       = 443
    to_port         = 443
    prefix_list_ids = [data.aws_ec2_managed_prefix_list.s3.id]
  }
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "Endpoints for the machines of ${var.name}"
  vpc_id      = aws_vpc.this["workspace"].id
  tags        = { Name = "${var.name}-endpoints" }

  dynamic "ingress" {
    for_each = local.databricks_ports
    content {
      protocol        = "tcp"
      from_port       = ingress.value[0]
      to_port         = ingress.value[1]
      security_groups = [aws_security_group.clusters.id]
    }
  }
}

resource "aws_security_group" "people" {
  name        = "${var.name}-people"
  description = "The way in to ${var.name}"
  vpc_id      = aws_vpc.this["transit"].id
  tags        = { Name = "${var.name}-people" }

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = var.people_networks
  }
}
