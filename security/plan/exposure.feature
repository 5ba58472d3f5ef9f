Feature: No path to the data is public
  As the one who answers for the data
  I want it to be reachable from inside the network alone
  So that a leaked password is not yet a leaked database

  Scenario: No database has a public address
    Given the databases
    Then none of them is publicly accessible

  Scenario: No data port is open to addresses outside the network
    Given the rules that let traffic into a security group
    Then none of them opens a data port to public addresses
      | port  | of                    |
      | 1433  | SQL Server            |
      | 1521  | Oracle                |
      | 2049  | NFS                   |
      | 3306  | MySQL                 |
      | 5432  | Postgres              |
      | 5439  | Redshift              |
      | 6379  | Redis                 |
      | 9042  | Cassandra             |
      | 9092  | Kafka                 |
      | 9094  | Kafka, TLS            |
      | 9096  | Kafka, SASL           |
      | 9098  | Kafka, IAM            |
      | 9200  | OpenSearch            |
      | 11211 | Memcached             |
      | 27017 | MongoDB               |

  Scenario: No subnet is public
    Given the subnets
    Then none of them hands out public addresses
    And no route leads to an internet gateway
