#!/usr/bin/env bash
# Checks that the crate builds with the oldest version of each dependency that Cargo.toml asks for: a
# user may have that one, while Cargo.lock has a newer one.
#
# What only the dependencies depend on stays as it is in Cargo.lock, unless their oldest version asks
# for another one. Dependencies of the tests are left out: some ask for newer versions, which no user
# has to have.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly FOLDER=target/minimal/package

rm -rf "$FOLDER"
mkdir -p "$FOLDER"
cp -r Cargo.toml Cargo.lock README.md src examples benches "$FOLDER"
cargo metadata --locked --all-features --format-version 1 >"$FOLDER/metadata.json"
cd "$FOLDER"

python3 - <<'PYTHON'
import json, re

metadata = json.load(open("metadata.json"))
versions = {it["id"]: (it["name"], it["version"]) for it in metadata["packages"]}
resolved = metadata["resolve"]
own = next(it for it in resolved["nodes"] if it["id"] == resolved["root"])
kinds = {it["pkg"]: {kind["kind"] for kind in it["dep_kinds"]} for it in own["deps"]}
# A kind without a name is that of dependencies which are for no tests and no build script. Of a name
# there may be other versions, which only dependencies depend on.
direct = {versions[id] for id, kinds in kinds.items() if None in kinds}
assert len(direct) > 20, direct

manifest = open("Cargo.toml").read()
# The other members of the workspace are for its tests, too; the copy is a workspace of its own.
for table, rest in [("dev-dependencies", ""), ("workspace", "[workspace]\n")]:
    table = rf"^\[{table}\]\n(?:(?!\[).*\n)*"
    manifest, count = re.subn(table, rest, manifest, flags=re.MULTILINE)
    assert count == 1, table
open("Cargo.toml", "w").write(manifest)

head, *locked = open("Cargo.lock").read().split("[[package]]")
is_direct = lambda it: re.search('name = "(.*)"\nversion = "(.*)"', it).groups() in direct
kept = [it for it in locked if not is_direct(it)]
assert len(kept) == len(locked) - len(direct)
open("Cargo.lock", "w").write("[[package]]".join([head, *kept]))
PYTHON

# The option is not stable. It chooses versions only: what is built is built as ever.
RUSTC_BOOTSTRAP=1 cargo update --quiet --workspace -Z direct-minimal-versions
CARGO_TARGET_DIR=.. cargo check --locked --all-features --lib
