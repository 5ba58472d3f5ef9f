# Computed by the provider itself, without a call.
data "aws_partition" "current" {}

locals {
  name      = "clearance-${var.stage}"
  partition = data.aws_partition.current.partition
  root_arn  = "arn:${local.partition}:iam::${var.account_id}:root"
  logs_arn  = "arn:${local.partition}:logs:${var.region}:${var.account_id}"
  shelf     = "${local.name}-shelf-${var.account_id}"

  tags = {
    project    = "clearance"
    stage      = var.stage
    managed-by = "terraform"
  }

  # The task's total time at Terraform Cloud is an hour: what is older is of no use to anybody, and holds a token.
  request_retention_s = 2 * 60 * 60
}
