"""Which resources a rule is about. A rule that is about nothing shows nothing: it is skipped, and the gate says so."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from pytest_bdd import given

from security.plan.document import Plan, Resource

# As the gate's reader of plans has them, without log groups, which have a rule of their own; a test compares the two.
KEEPS_DATA = frozenset(
    {
        *("aws_db_instance", "aws_db_snapshot", "aws_rds_cluster", "aws_rds_global_cluster", "aws_docdb_cluster"),
        *("aws_neptune_cluster", "aws_dynamodb_table", "aws_keyspaces_table", "aws_timestreamwrite_table"),
        *("aws_redshift_cluster", "aws_redshiftserverless_namespace", "aws_qldb_ledger", "aws_lightsail_database"),
        *("aws_s3_bucket", "aws_s3_directory_bucket", "aws_s3tables_table", "aws_glacier_vault", "aws_ebs_volume"),
        *("aws_ebs_snapshot", "aws_efs_file_system", "aws_backup_vault", "aws_ecr_repository"),
        *("aws_elasticache_cluster", "aws_elasticache_replication_group", "aws_elasticache_serverless_cache"),
        *("aws_memorydb_cluster", "aws_elasticsearch_domain", "aws_opensearch_domain"),
        *("aws_opensearchserverless_collection", "aws_msk_cluster", "aws_msk_serverless_cluster", "aws_mq_broker"),
        *("aws_kinesis_stream", "aws_sqs_queue", "aws_cloudtrail_event_data_store"),
        *("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_acmpca_certificate_authority"),
        *("aws_secretsmanager_secret", "aws_ssm_parameter", "aws_cognito_user_pool", "aws_route53_zone"),
    }
)
DATABASES = (
    "aws_db_instance",
    "aws_rds_cluster_instance",
    "aws_docdb_cluster_instance",
    "aws_neptune_cluster_instance",
)
PUBLIC_BY_CHOICE = (
    *DATABASES,
    "aws_redshift_cluster",
    "aws_redshiftserverless_workgroup",
    "aws_dms_replication_instance",
)
ALARMS = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
LETS_IN = (
    *("aws_vpc_security_group_ingress_rule", "aws_security_group_rule"),
    *("aws_security_group", "aws_default_security_group"),
)


def some(resources: Iterable[Resource], what: str) -> tuple[Resource, ...]:
    """Return the resources, or skip the scenario where there is none."""
    found = tuple(resources)
    if not found:
        pytest.skip(f"the plan has no {what}: this rule looked at nothing; take it out, or plan the whole root")
    return found


def of_types(plan: Plan, types: Iterable[str], what: str) -> tuple[Resource, ...]:
    """Return the resources of some types that will be there after the apply."""
    wanted = frozenset(types)
    return some((each for each in plan.resources if each.type in wanted and each.stays), what)


@given("the resources that keep data", target_fixture="chosen")
def keeping_data(plan: Plan) -> tuple[Resource, ...]:
    kept = KEEPS_DATA | {"aws_cloudwatch_log_group"}
    return some((each for each in plan.resources if each.type in kept), "resource that keeps data")


@given("the resources that keep data, unless they are destroyed", target_fixture="chosen")
def keeping_data_on(plan: Plan) -> tuple[Resource, ...]:
    return of_types(plan, KEEPS_DATA, "resource that keeps data")


@given("the databases", target_fixture="chosen")
def databases(plan: Plan) -> tuple[Resource, ...]:
    return of_types(plan, PUBLIC_BY_CHOICE, "database")


@given("the rules that let traffic into a security group", target_fixture="chosen")
def ways_in(plan: Plan) -> tuple[Resource, ...]:
    return of_types(plan, LETS_IN, "security group")


@given("the subnets", target_fixture="chosen")
def subnets(plan: Plan) -> tuple[Resource, ...]:
    return of_types(plan, ("aws_subnet", "aws_default_subnet"), "subnet")


@given("the resources that can be tagged", target_fixture="chosen")
def taggable(plan: Plan) -> tuple[Resource, ...]:
    return some((each for each in plan.resources if each.has("tags_all") and each.stays), "resource with tags")


@given("the alarms", target_fixture="chosen")
def alarms(plan: Plan) -> tuple[Resource, ...]:
    return of_types(plan, ALARMS, "alarm")


@given("the log groups", target_fixture="chosen")
def log_groups(plan: Plan) -> tuple[Resource, ...]:
    return of_types(plan, ("aws_cloudwatch_log_group",), "log group")
