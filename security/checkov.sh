#!/bin/sh
# Scans Terraform with Checkov and our own checks, so that nothing but the policy can hide anything from the gate.
#
#   checkov.sh REPORTS hcl FOLDER      Terraform's source
#   checkov.sh REPORTS plan FILE       what `terraform show -json` says of a plan
#
# It leaves results_json.json and checkov.log in REPORTS. Why not Checkov alone: it takes settings such as skip-check
# from a .checkov.yaml in its working folder, its home and what it scans, wherever --config-file points (the three are
# merged), so it gets an empty folder for the first two, and the scanned one in a form in which it does not look there
# (`--directory=`). A check that raises vanishes from its report and leaves a line on standard error alone.
set -eu
reports=$1
kind=$2
target=$(realpath "$3")
own=$(realpath "$(dirname "$0")")/checkov
reports=$(realpath "$reports")
case $kind in
  hcl) set -- --framework=terraform --directory="$target" ;;
  plan) set -- --framework=terraform_plan --file="$target" ;;
  *) echo "checkov.sh: $kind is neither hcl nor plan" >&2 && exit 2 ;;
esac
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cd "$home"
code=0
HOME=$home LOG_LEVEL=WARNING PYTHONWARNINGS=ignore checkov "$@" --external-checks-dir="$own" --skip-download --output=json \
  --output-file-path="$reports" >/dev/null 2>"$reports/checkov.log" || code=$?
echo "checkov ended with exit code $code" >>"$reports/checkov.log"
