"""Which Terraform resource types keep something that is gone when they are destroyed: data, keys, secrets, logs."""

from __future__ import annotations

import re

# Types of the AWS provider 5 (https://registry.terraform.io/providers/hashicorp/aws/latest/docs). What can be made anew
# from the configuration alone (a function, a role, a cluster's stateless member) is not here.
TYPES = frozenset(
    {
        *("aws_db_instance", "aws_db_snapshot", "aws_rds_cluster", "aws_rds_global_cluster", "aws_docdb_cluster"),
        *("aws_neptune_cluster", "aws_dynamodb_table", "aws_keyspaces_table", "aws_timestreamwrite_table"),
        *("aws_redshift_cluster", "aws_redshiftserverless_namespace", "aws_qldb_ledger", "aws_lightsail_database"),
        *("aws_s3_bucket", "aws_s3_directory_bucket", "aws_s3tables_table", "aws_glacier_vault", "aws_ebs_volume"),
        *("aws_ebs_snapshot", "aws_efs_file_system", "aws_backup_vault", "aws_ecr_repository"),
        *("aws_elasticache_cluster", "aws_elasticache_replication_group", "aws_elasticache_serverless_cache"),
        *("aws_memorydb_cluster", "aws_elasticsearch_domain", "aws_opensearch_domain"),
        *("aws_opensearchserverless_collection", "aws_msk_cluster", "aws_msk_serverless_cluster", "aws_mq_broker"),
        *("aws_kinesis_stream", "aws_sqs_queue", "aws_cloudwatch_log_group", "aws_cloudtrail_event_data_store"),
        *("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_acmpca_certificate_authority"),
        *("aws_secretsmanager_secret", "aws_ssm_parameter", "aws_cognito_user_pool", "aws_route53_zone"),
    }
)
_FAMILIES = re.compile(r"aws_fsx_\w*file_system|aws_fsx_\w*volume|aws_codecommit_repository")


def keeps_data(resource_type: str) -> bool:
    """Whether destroying a resource of this type destroys what the configuration cannot bring back."""
    return resource_type in TYPES or _FAMILIES.fullmatch(resource_type) is not None
