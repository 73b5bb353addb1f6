#!/usr/bin/env bash
# Checks that the crate builds with the oldest version of each dependency that Cargo.toml asks for: a
# user may have that one, while Cargo.lock has a newer one.
#
# What the dependencies depend on stays as it is in Cargo.lock, so that the result is the same every
# time. Dependencies of the tests are left out: some ask for newer versions, which no user has to have.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly FOLDER=target/minimal/package

rm -rf "$FOLDER"
mkdir -p "$FOLDER"
cp -r Cargo.toml Cargo.lock README.md src examples benches "$FOLDER"
cd "$FOLDER"

python3 - <<'PYTHON'
import re, tomllib

manifest = open("Cargo.toml").read()
direct = tomllib.loads(manifest)["dependencies"]
without_tests = re.sub(r"^\[dev-dependencies\]\n(?:(?!\[).*\n)*", "", manifest, flags=re.MULTILINE)
assert without_tests != manifest
open("Cargo.toml", "w").write(without_tests)

head, *locked = open("Cargo.lock").read().split("[[package]]")
kept = [it for it in locked if re.search('name = "(.*)"', it)[1] not in direct]
open("Cargo.lock", "w").write("[[package]]".join([head, *kept]))
PYTHON

# The option is not stable. It chooses versions only: what is built is built as ever.
RUSTC_BOOTSTRAP=1 cargo update --quiet --workspace -Z direct-minimal-versions
CARGO_TARGET_DIR=.. cargo check --locked --all-features --lib
