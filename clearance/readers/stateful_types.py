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
# The plainest of other providers (azurerm, google and kubernetes under https://registry.terraform.io/providers/hashicorp).
# What more there is, a policy names in `[runtask] stateful`.
ELSEWHERE = frozenset(
    {
        *("azurerm_storage_account", "azurerm_storage_container", "azurerm_storage_share", "azurerm_managed_disk"),
        *("azurerm_mssql_server", "azurerm_mssql_database", "azurerm_mssql_managed_instance"),
        *(
            "azurerm_postgresql_server",
            "azurerm_postgresql_flexible_server",
            "azurerm_postgresql_flexible_server_database",
        ),
        *("azurerm_mysql_flexible_server", "azurerm_mysql_flexible_database", "azurerm_mariadb_server"),
        *("azurerm_cosmosdb_account", "azurerm_cosmosdb_sql_database", "azurerm_cosmosdb_sql_container"),
        *("azurerm_redis_cache", "azurerm_eventhub", "azurerm_servicebus_queue", "azurerm_container_registry"),
        *("azurerm_key_vault", "azurerm_key_vault_key", "azurerm_key_vault_secret", "azurerm_recovery_services_vault"),
        *("azurerm_log_analytics_workspace", "azurerm_kusto_database", "azurerm_dns_zone"),
        *("google_sql_database_instance", "google_sql_database", "google_spanner_instance", "google_spanner_database"),
        *("google_bigtable_instance", "google_bigtable_table", "google_firestore_database", "google_alloydb_cluster"),
        *("google_storage_bucket", "google_bigquery_dataset", "google_bigquery_table", "google_compute_disk"),
        *(
            "google_compute_snapshot",
            "google_filestore_instance",
            "google_redis_instance",
            "google_pubsub_subscription",
        ),
        *("google_kms_crypto_key", "google_secret_manager_secret", "google_artifact_registry_repository"),
        *("google_dns_managed_zone", "kubernetes_persistent_volume", "kubernetes_persistent_volume_v1"),
        *("kubernetes_persistent_volume_claim", "kubernetes_persistent_volume_claim_v1"),
        *("kubernetes_secret", "kubernetes_secret_v1", "kubernetes_namespace", "kubernetes_namespace_v1"),
    }
)


def keeps_data(resource_type: str) -> bool:
    """Whether destroying a resource of this type destroys what the configuration cannot bring back."""
    return resource_type in TYPES | ELSEWHERE or _FAMILIES.fullmatch(resource_type) is not None
