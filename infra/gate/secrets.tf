# Made without a value: that would lie in the state. docs/how-to/bootstrap.md says who puts what in, and how it is replaced:
# the version before the current one is believed too, so that no request is lost while Terraform Cloud changes its key.
resource "aws_secretsmanager_secret" "this" {
  for_each = {
    hmac = "Key with which Terraform Cloud signs its requests to ${local.name}"
    plan = "Key under which ${local.name} remembers a plan's digest between two stages of a run"
  }

  name                    = "${local.name}/${each.key}"
  description             = each.value
  kms_key_id              = module.data_key.arn
  recovery_window_in_days = 30

  lifecycle {
    prevent_destroy = true
  }
}
