# SPDX-License-Identifier: GPL-3.0-or-later
# Everything below sets up what it needs by itself; what it sets up lives in ~/.cache/kvm-vnic.
.DEFAULT_GOAL := help
.PHONY: help venv check explore test demo bench lab-up lab-ssh lab-down molecule format changelog clean

help: ## this list
	@sed -nE 's/^([a-z-]+): ## (.*)/\1\t\2/p' Makefile | expand -t 12

demo: ## boot a hypervisor, give four guests their NICs, and show what each got and why
	@tests/tools/demo

test: ## what CI runs, within an hour on two cores
	@tests/tools/test

check: ## lint, documentation, sanity and unit tests, within three minutes; STEPS="units_main ruff" for some, STEPS=all
	@tests/tools/check $(STEPS)

explore: ## the properties among the unit tests, by examples that no run has tried yet
	@tests/tools/with main pytest -q -p no:cacheprovider -n 2 -m hypothesis --hypothesis-profile explore tests/unit

molecule: ## the scenarios under molecule/ on the lab; SCENARIOS="sriov bridge" for some
	@tests/tools/molecule $(SCENARIOS)

bench: ## the benchmarks, on the lab
	@tests/bench/run

lab-up: ## boot the lab hypervisor and keep it
	@tests/lab/lab up

lab-ssh: ## a shell on it
	@tests/lab/lab ssh

lab-down: ## end it
	@tests/lab/lab down

venv: ## the virtual environments, which every other target makes when it needs them
	@tests/tools/bootstrap
	@tests/tools/venv main core-2.19 python-3.9

format: ## put the Python files in order
	@tests/tools/with main ruff check --fix --quiet . || true
	@tests/tools/with main ruff format --quiet .

changelog: ## write the changelog of the version in galaxy.yml, as far as it is known
	@tests/tools/changelog

clean: ## remove what was made in this checkout, and its lab
	@tests/tools/clean
