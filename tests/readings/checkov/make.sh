#!/bin/sh
# Makes the Checkov reports of this folder anew: real runs over planted files, each with its command and exit code.
# The cases of plans take Terraform's provider from the mirror folder CLEARANCE_TERRAFORM_MIRROR, if that is set.
set -u
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../../.." && pwd)
version=3.3.30
work=/tmp/readings/checkov
rm -rf "$work" && mkdir -p "$work/home" && cd "$work" || exit 2
cp -r "$repository/security/checkov" own
mkdir security && cp "$repository/security/checkov.sh" security/ && cp -r own security/checkov
cp -r "$here/roots/bad" "$here/roots/good" .

uv venv --quiet env && uv pip install --quiet --python env/bin/python "checkov==$version" || exit 2
PATH=$work/env/bin:$PATH
export PATH HOME="$work/home" LOG_LEVEL=WARNING

mkdir clean issue skipped broken empty mixed missing-module python hidden hidden/.config config
cat >clean/main.tf <<'END'
resource "aws_sns_topic" "news" {
  kms_master_key_id = "alias/aws/sns"
}
END
cat >issue/main.tf <<'END'
resource "aws_sns_topic" "news" {
  name = "news"
}

resource "aws_sqs_queue" "mail" {
  kms_master_key_id = "alias/aws/sqs"
}
END
cat >skipped/main.tf <<'END'
resource "aws_sns_topic" "news" {
  # checkov:skip=CKV_AWS_26:news are public
  name = "news"
}

resource "aws_sqs_queue" "mail" {
  # checkov:skip=CKV_AWS_27
  name = "mail"
}
END
cp clean/main.tf broken/main.tf
printf 'resource "aws_sqs_queue" "mail" {\n  name = \n' >broken/broken.tf
cp issue/main.tf mixed/main.tf
printf 'FROM alpine:latest\n' >mixed/Dockerfile
printf 'KEY = "AKIA%s"\n' Z7Q2M4X6B3C5D8F1 >python/keys.py # in two pieces, so that nobody takes it for a secret of ours
cp clean/main.tf missing-module/main.tf
printf 'module "queue" {\n  source = "./modules/queue"\n}\n' >missing-module/queue.tf
cp issue/main.tf hidden/.config/main.tf
cp clean/main.tf hidden/main.tf
cp bad/main.tf config/main.tf
cat >config/.checkov.yaml <<'END'
skip-check:
  - CKV*
END
cp -r own raising && cat >raising/raises.py <<'END'
from checkov.common.models.enums import CheckCategories
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class Raises(BaseResourceCheck):
    def __init__(self):
        super().__init__(
            name="Raises", id="CKV_OWN_1", categories=[CheckCategories.SECRETS], supported_resources=["aws_sns_topic"]
        )

    def scan_resource_conf(self, conf):
        raise RuntimeError(f"planted: {conf['name']}")


check = Raises()
END
cp -r own without-init && rm without-init/__init__.py
cp -r own unimportable && printf 'import a_module_that_is_not_there\n' >unimportable/unimportable.py
printf '{' >not-json.json
printf '' >empty.json
printf '{"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {}, "configuration": {}}\n' >nothing.json

cat >"$here/README.md" <<END
# Checkov reports

Made by \`make.sh\` with checkov $version, in \`$work\`: each case is the report, where there is one, and what stood on
standard error, at \`LOG_LEVEL=WARNING\`. \`own\` is \`security/checkov\`. Our answer is what \`tests/clearance/test_reader_checkov.py\`
holds the reader and the judge to.

| case | situation | command | exit code | our answer |
|---|---|---|---|---|
END

note() { # name, situation, our answer, exit code, command
  printf '| `%s` | %s | `%s` | %s | %s |\n' "$1" "$2" "$5" "$4" "$3" >>"$here/README.md"
}

make() { # name, situation, our answer, arguments of checkov
  name=$1 situation=$2 answer=$3
  shift 3
  rm -rf "${here:?}/$name" && mkdir "$here/$name"
  checkov --skip-download -o json "$@" --output-file-path "$here/$name" >/dev/null 2>"$here/$name/checkov.log"
  code=$?
  echo "checkov ended with exit code $code" >>"$here/$name/checkov.log"
  note "$name" "$situation" "$answer" "$code" "checkov --skip-download -o json $*"
}

through() { # name, situation, our answer, arguments of the gate's own command
  name=$1 situation=$2 answer=$3
  shift 3
  rm -rf "${here:?}/$name" && mkdir "$here/$name"
  sh security/checkov.sh "$here/$name" "$@"
  note "$name" "$situation" "$answer" "$(sed -n 's/^checkov ended with exit code //p' "$here/$name/checkov.log")" \
    "security/checkov.sh … $*"
}

hcl="--framework terraform"
# shellcheck disable=SC2086
{
make clean "nothing to object to" PASS $hcl -d clean
make issue "a topic without encryption" FAIL $hcl -d issue
make compact "the same, without excerpts" FAIL $hcl -d issue --compact
make bad "our own checks over what they object to" FAIL $hcl -d bad --external-checks-dir own --compact
make good "our own checks over what they leave alone" FAIL $hcl -d good --external-checks-dir own --compact
make two-frameworks "a list of reports instead of one" FAIL --framework terraform dockerfile -d mixed --compact
make skipped "inline skips, one without a reason" FAIL $hcl -d skipped
make quiet "\`--quiet\` drops the list of skips" UNKNOWN $hcl -d skipped --quiet
make broken-hcl "a file that does not parse" UNKNOWN $hcl -d broken
make only-broken-hcl "nothing but a file that does not parse" UNKNOWN $hcl -f broken/broken.tf
make empty-folder "an empty folder" UNKNOWN $hcl -d empty
make missing-folder "a folder that is not there" UNKNOWN $hcl -d missing
make missing-module "a local module that is not there" UNKNOWN $hcl -d missing-module
make hidden-folder "Terraform in a hidden folder is passed over" UNKNOWN $hcl -d hidden
make unknown-check "the id of a check misspelt" UNKNOWN $hcl -d issue -c CKV_AWS_99999
make severity-check "checks chosen by a severity that none has" UNKNOWN $hcl -d issue -c HIGH
make severity-skip "checks skipped by a severity" FAIL $hcl -d issue --skip-check MEDIUM
make skip-all "every check skipped by a pattern" UNKNOWN $hcl -d issue --skip-check 'CKV*'
make skip-path "the only file skipped" UNKNOWN $hcl -d issue --skip-path main.tf
make skip-own "our own checks skipped on the command line" UNKNOWN $hcl -d bad --external-checks-dir own --skip-check 'CKV*_CLEARANCE_*' --compact
make hard-fail-high "\`--hard-fail-on HIGH\`, where no severity is known" FAIL $hcl -d issue --hard-fail-on HIGH
make soft-fail "\`--soft-fail\`" FAIL $hcl -d issue --soft-fail
make check-raises "one of our checks raises" UNKNOWN $hcl -d issue --external-checks-dir raising
make checks-without-init "our checks' folder lacks \`__init__.py\`" UNKNOWN $hcl -d bad --external-checks-dir without-init --compact
make check-unimportable "one of our checks cannot be imported" UNKNOWN $hcl -d bad --external-checks-dir unimportable --compact
make checks-missing "our checks' folder is not there" UNKNOWN $hcl -d bad --external-checks-dir nowhere --compact
make configured "a \`.checkov.yaml\` in the scanned folder skips every check" UNKNOWN -d config --framework terraform
through configured-overridden "the same, run as the gate does" FAIL hcl config
make secrets-in-python "a secret in Python, which the framework passes over" UNKNOWN --framework secrets -d python
make secrets-everywhere "the same, with the option that looks" FAIL --framework secrets -d python --enable-secret-scan-all-files
make unknown-option "an option that there is not" UNKNOWN $hcl -d issue --no-such-option
make plan-not-json "a plan that is no JSON" UNKNOWN --framework terraform_plan -f not-json.json
make plan-empty-file "a plan that is an empty file" UNKNOWN --framework terraform_plan -f empty.json
make plan-of-nothing "a plan without a resource" UNKNOWN --framework terraform_plan -f nothing.json
make wrong-framework "a plan, read by the framework for source" UNKNOWN $hcl -f nothing.json
checkov --skip-download $hcl -d bad --external-checks-dir own --create-baseline >/dev/null 2>&1
make baseline "a baseline that swallows every finding" UNKNOWN $hcl -d bad --external-checks-dir own --baseline bad/.checkov.baseline --compact
}

if [ -n "${CLEARANCE_TERRAFORM_MIRROR:-}" ]; then
  cat >terraform.rc <<END
provider_installation {
  filesystem_mirror { path = "$CLEARANCE_TERRAFORM_MIRROR" }
}
END
  export TF_CLI_CONFIG_FILE="$work/terraform.rc"
fi
plan() { # folder: leaves FOLDER.json, a plan made without an account
  cat >"$1/provider.tf" <<'END'
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
END
  (cd "$1" && terraform init -input=false >/dev/null && terraform plan -input=false -out=plan.bin >/dev/null &&
    terraform show -json plan.bin) >"$1.json"
}
plan bad && plan good && plan skipped || exit 2
cp bad.json good.json "$here/roots/"
planned="--framework terraform_plan"
# shellcheck disable=SC2086
{
make plan-bad "our own checks over a plan that they object to" FAIL $planned -f bad.json --external-checks-dir own --compact
make plan-good "our own checks over a plan that they leave alone" FAIL $planned -f good.json --external-checks-dir own --compact
make plan-skips "inline skips, which a plan does not show" FAIL $planned -f skipped.json
make plan-enriched "inline skips, found in the source again" FAIL $planned -f skipped.json --repo-root-for-plan-enrichment skipped
make plan-deep "the same with \`--deep-analysis\`" FAIL $planned -f skipped.json --repo-root-for-plan-enrichment skipped --deep-analysis
}
rm -rf "$work"
