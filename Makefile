# The two commands. They need Python 3.11 with venv, and make; the rest is fetched into .venv and .clearance.
PYTHON ?= python3
UV := uv==0.13.9

.PHONY: gate plan test clean

gate: .venv/ready
	.venv/bin/nox -s gate

# What Terraform says of the infrastructure; it needs the provider, see infra/README.md.
plan: .venv/ready
	.venv/bin/nox -s plan

test: .venv/ready
	.venv/bin/nox -s lint types tests

.venv/ready: pyproject.toml uv.lock Makefile
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Clearance needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	.venv/bin/uv sync --locked --inexact --quiet
	@touch $@

clean:
	rm -rf .venv .clearance .nox build dist
