"""AWS's S3 and KMS on this machine: moto's server as a process of its own, on a free port of the loopback.

Moto 5.2 hashes what a caller of KMS has hashed already (its models.py: "DIGEST is not yet implemented"). AWS does not,
so the server is taught not to: https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, MessageType.
"""

import contextlib
import subprocess
import sys

START_S = 60
SERVE = """
import base64, json
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto.kms.responses import KmsResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

def sign(self, whole=KmsResponse.sign):
    if (self._get_param("MessageType"), self._get_param("SigningAlgorithm")) != ("DIGEST", "ECDSA_SHA_256"):
        return whole(self)
    key = self.kms_backend.describe_key(self._get_param("KeyId"))
    signature = key.private_key.private_key.sign(self._get_param("Message"), ECDSA(Prehashed(SHA256())))
    return json.dumps({"KeyId": key.arn, "Signature": base64.b64encode(signature).decode(),
                       "SigningAlgorithm": "ECDSA_SHA_256"})

KmsResponse.sign = sign
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def serving():
    """Give the environment in which boto3 finds the server; it ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = int(process.stdout.readline())
            yield dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing") | {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_DEFAULT_REGION": "eu-central-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "NO_PROXY": "127.0.0.1",
            }
        finally:
            process.terminate()
            process.wait(START_S)
