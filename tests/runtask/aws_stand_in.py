"""AWS's DynamoDB, SQS and KMS on this machine: moto's server, which answers one request at a time.

DynamoDB does one write of an item after another, and moto, asked by several threads at once, does not.
"""

import contextlib
import subprocess
import sys

import boto3

START_S = 60
SERVE = """
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
print(server.server_port, flush=True)
server.serve_forever()
"""


class Account:
    """An account with a table, a queue and a key; a client for each service."""

    def __init__(self, environment):
        self.environment = environment
        self.dynamodb, self.sqs, self.kms = (self.client(name) for name in ("dynamodb", "sqs", "kms"))
        self.dynamodb.create_table(
            TableName="runtask",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.queue = self.sqs.create_queue(QueueName="runtask")["QueueUrl"]
        self.key = self.kms.create_key()["KeyMetadata"]["Arn"]

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=self.environment["AWS_DEFAULT_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def messages(self, queue=None):
        """Take everything out of a queue that is visible now."""
        found = []
        while batch := self.sqs.receive_message(
            QueueUrl=queue or self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=0, VisibilityTimeout=0
        ).get("Messages"):
            for message in batch:
                self.sqs.delete_message(QueueUrl=queue or self.queue, ReceiptHandle=message["ReceiptHandle"])
            found += batch
        return found


@contextlib.contextmanager
def account():
    """Give an account; it ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = int(process.stdout.readline())
            yield Account(
                dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing")
                | {
                    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                    "AWS_DEFAULT_REGION": "eu-central-1",
                    "AWS_EC2_METADATA_DISABLED": "true",
                    "NO_PROXY": "127.0.0.1",
                }
            )
        finally:
            process.terminate()
            process.wait(START_S)
