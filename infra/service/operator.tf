# A host with nothing on it and no port open: operators' sessions are relayed through it to the database.
resource "aws_instance" "operator" {
  count = var.operator_image_id == null ? 0 : 1

  ami                         = var.operator_image_id
  instance_type               = "t4g.nano"
  iam_instance_profile        = aws_iam_instance_profile.operator.name
  subnet_id                   = module.network.subnet_ids[0]
  vpc_security_group_ids      = [module.network.operator_security_group_id]
  associate_public_ip_address = false
  ebs_optimized               = true
  monitoring                  = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted  = true
    kms_key_id = module.data_key.arn
  }

  tags        = { Name = "${local.name}-operator" }
  volume_tags = merge(local.tags, { Name = "${local.name}-operator" })
}

resource "aws_iam_instance_profile" "operator" {
  name = "${local.name}-operator-host"
  role = aws_iam_role.operator_host.name
}

resource "aws_iam_role" "operator_host" {
  name               = "${local.name}-operator-host"
  description        = "Lets the operators' host take sessions, and nothing else"
  assume_role_policy = data.aws_iam_policy_document.operator_host_trust.json
}

resource "aws_iam_role_policy_attachment" "operator_host" {
  role       = aws_iam_role.operator_host.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

data "aws_iam_policy_document" "operator_host_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

# For whoever operates: attach it to their role. A relayed port and a short-lived token, no shell and no password.
resource "aws_iam_policy" "operator" {
  name        = "${local.name}-operator"
  description = "Reach the database of ${local.name} through Session Manager and sign in as ${local.operator_login}"
  policy      = data.aws_iam_policy_document.operator.json
}

data "aws_iam_policy_document" "operator" {
  statement {
    sid     = "RelayAPort"
    actions = ["ssm:StartSession"]
    resources = concat(
      ["arn:${local.partition}:ssm:${var.region}::document/AWS-StartPortForwardingSessionToRemoteHost"],
      aws_instance.operator[*].arn,
    )

    condition {
      test     = "BoolIfExists"
      variable = "ssm:SessionDocumentAccessCheck"
      values   = ["true"]
    }
  }

  statement {
    sid       = "OwnSessions"
    actions   = ["ssm:ResumeSession", "ssm:TerminateSession", "ssmmessages:OpenDataChannel"]
    resources = ["arn:${local.partition}:ssm:${var.region}:${var.account_id}:session/$${aws:userid}-*"]
  }

  statement {
    sid       = "SignIn"
    actions   = ["rds-db:connect"]
    resources = ["${local.rds_db_arn}:${module.database.resource_id}/${local.operator_login}"]
  }
}
