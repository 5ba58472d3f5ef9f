#!/bin/sh
# Scans Terraform with Checkov and our own checks, so that nothing but the policy can hide anything from the gate.
#
#   checkov.sh REPORTS hcl FOLDER      Terraform's source
#   checkov.sh REPORTS plan FILE       what `terraform show -json` says of a plan
#
# It leaves results_json.json and checkov.log in REPORTS, without values. Why not Checkov alone: it takes settings such as
# skip-check from a .checkov.yaml in its working folder, its home and what it scans, wherever --config-file points (they
# are merged), so it gets an empty folder for the first two, and the scanned one in a form in which it does not look there
# (`--directory=`). A check that raises vanishes from its report and leaves a line on standard error alone.
set -eu
reports=$(realpath "$1")
target=$(realpath "$3")
own=$(realpath "$(dirname "$0")")/checkov
case $2 in
  hcl) set -- --framework=terraform --directory="$target" ;;
  plan) set -- --framework=terraform_plan --file="$target" ;;
  *) echo "checkov.sh: $2 is neither hcl nor plan" >&2 && exit 2 ;;
esac
private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT
mkdir "$private/home" "$private/reports"
cd "$private/home"
code=0
HOME=$private/home LOG_LEVEL=WARNING PYTHONWARNINGS=ignore checkov "$@" --external-checks-dir="$own" --skip-download \
  --output=json --output-file-path="$private/reports" >/dev/null 2>"$private/reports/checkov.log" || code=$?
echo "checkov ended with exit code $code" >>"$private/reports/checkov.log"
python "$own" "$private/reports" "$reports"
