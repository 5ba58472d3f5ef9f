Feature: Nothing that keeps data is lost
  As the one who answers for the data
  I want Terraform to be unable to destroy it in passing
  So that no review has to notice one word in a thousand lines

  Scenario: What keeps data stays
    Given the resources that keep data
    Then none of them is destroyed, replaced or forgotten

  Scenario: What keeps data is protected from destruction
    Given the resources that keep data, unless they are destroyed
    Then each of them has the protection of its type
      | type                      | attribute                   | must be       |
      | aws_cognito_user_pool     | deletion_protection         | ACTIVE        |
      | aws_db_instance           | deletion_protection         | true          |
      | aws_db_instance           | skip_final_snapshot         | false         |
      | aws_db_instance           | delete_automated_backups    | false         |
      | aws_docdb_cluster         | deletion_protection         | true          |
      | aws_dynamodb_table        | deletion_protection_enabled | true          |
      | aws_ecr_repository        | force_delete                | false         |
      | aws_kms_key               | deletion_window_in_days     | at least 30   |
      | aws_neptune_cluster       | deletion_protection         | true          |
      | aws_rds_cluster           | deletion_protection         | true          |
      | aws_rds_cluster           | skip_final_snapshot         | false         |
      | aws_rds_global_cluster    | deletion_protection         | true          |
      | aws_redshift_cluster      | skip_final_snapshot         | false         |
      | aws_s3_bucket             | force_destroy               | false         |
      | aws_secretsmanager_secret | recovery_window_in_days     | at least 7    |
      | aws_sqs_queue             | message_retention_seconds   | at least 3600 |
