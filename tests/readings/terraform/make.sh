#!/bin/sh
# Makes the readings in this folder anew: real outputs of real Terraform, of the roots in roots/ and of broken ones.
# It needs terraform on PATH, and the AWS provider from the registry or from the folder CLEARANCE_TERRAFORM_MIRROR.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0 AWS_EC2_METADATA_DISABLED=true HOME="$work"
unset TF_CLI_CONFIG_FILE
if [ -n "${CLEARANCE_TERRAFORM_MIRROR:-}" ]; then
  printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$CLEARANCE_TERRAFORM_MIRROR" >"$work/rc"
  export TF_CLI_CONFIG_FILE="$work/rc"
fi

# enter ROOT: a fresh copy of a root, as the working folder
enter() {
  mkdir -p "$work/$1"
  cp -R "$here/roots/$1/." "$work/$1"
  cd "$work/$1" || exit 1
}
initialised() {
  enter "$1"
  terraform init -no-color >/dev/null || echo "make.sh: init of $1 failed" >&2
}
# planned NAME [OPTION...]: plan the working folder and show the plan as NAME.json
planned() {
  name=$1
  shift
  rm -f plan.bin
  terraform plan -no-color -refresh=false -out=plan.bin "$@" >/dev/null 2>&1
  code=$?
  terraform show -json plan.bin >"$here/$name.json"
  echo "$name.json: plan ended with $code"
}
validated() {
  terraform validate -json >"$here/$1.json"
  echo "$1.json: validate ended with $?"
}
tested() {
  rm -f "$here/$1.xml"
  terraform test -no-color -junit-xml="$here/$1.xml" >/dev/null 2>&1
  code=$?
  chmod 644 "$here/$1.xml"
  echo "$1.xml: test ended with $code"
}

initialised flights
validated validate-valid
planned plan
planned plan-targeted -target=aws_subnet.private
cp "$here/roots/flights.tfstate" terraform.tfstate
cp "$here/roots/without-database.tf" main.tf
planned plan-destroyed-database
cp "$here/roots/replaced-database.tf" main.tf
planned plan-replaced-database
cp "$here/roots/forgotten-database.tf" main.tf
planned plan-forgotten-database
planned plan-destroy-run -destroy
terraform show -json terraform.tfstate >"$here/state.json"

enter broken && validated validate-broken
enter missing-module && validated validate-missing-module
enter flights && rm -rf .terraform && validated validate-no-provider
enter empty && validated validate-empty-folder
initialised invalid && validated validate-invalid
initialised secret && planned plan-secret
initialised errored && planned plan-errored
initialised nothing && planned plan-of-nothing && tested tests-none
initialised failing && tested tests-failing
initialised condition && planned plan-condition
