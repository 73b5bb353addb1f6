#!/usr/bin/env bash
# Checks that the crate works with the oldest version of each dependency that Cargo.toml asks for: a
# user may have that version, while Cargo.lock has a newer one.
#
# It builds the library with the oldest versions. It also builds tests/stored_data twice, with the
# oldest versions and with those in Cargo.lock. Each build fills a folder with a store and with
# decisions and bindings that a host keeps, and uses all that the other build wrote. So a host can
# update its dependencies, or go back to older ones, and keep every client. The two builds have
# different Unicode data: each registers names of all symbols and marks that its own data allows, and
# the other build has to accept these names from the store, even where it would not register them.
#
# What only the dependencies depend on stays as it is in Cargo.lock, unless their oldest version asks
# for another one. Dependencies of the tests are left out: some ask for newer versions, which no user
# has to have. So tests/stored_data uses only what the library depends on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly FOLDER=target/minimal/package

rm -rf "$FOLDER"
mkdir -p "$FOLDER"
cp -r Cargo.toml Cargo.lock README.md src examples "$FOLDER"
mkdir -p "$FOLDER/tests"
cp -r --parents tests/golden tests/stored_data tests/support/temporary.rs "$FOLDER"
cargo metadata --locked --all-features --format-version 1 >"$FOLDER/metadata.json"
pushd "$FOLDER" >/dev/null

python3 - <<'PYTHON'
import json, re

metadata = json.load(open("metadata.json"))
versions = {it["id"]: (it["name"], it["version"]) for it in metadata["packages"]}
resolved = metadata["resolve"]
own = next(it for it in resolved["nodes"] if it["id"] == resolved["root"])
kinds = {it["pkg"]: {kind["kind"] for kind in it["dep_kinds"]} for it in own["deps"]}
# Ordinary dependencies have a kind without a name; those of tests and build scripts have a name. A
# dependency may have further versions that only other dependencies use.
direct = {versions[id] for id, kinds in kinds.items() if None in kinds}
assert len(direct) > 20, direct

manifest = open("Cargo.toml").read()
# The other members of the workspace are also for its tests; the copy is a separate workspace.
rest_of_table = {
    "dev-dependencies": "",
    "target.'cfg(unix)'.dev-dependencies": "",
    "workspace": "[workspace]\n",
}
for table, rest in rest_of_table.items():
    table = rf"^\[{re.escape(table)}\]\n(?:(?!\[).*\n)*"
    manifest, count = re.subn(table, rest, manifest, flags=re.MULTILINE)
    assert count == 1, table
open("Cargo.toml", "w").write(manifest)

head, *locked = open("Cargo.lock").read().split("[[package]]")
is_direct = lambda it: re.search('name = "(.*)"\nversion = "(.*)"', it).groups() in direct
kept = [it for it in locked if not is_direct(it)]
assert len(kept) == len(locked) - len(direct)
open("Cargo.lock", "w").write("[[package]]".join([head, *kept]))
PYTHON

# The option is not stable. It only chooses versions and does not change the build.
RUSTC_BOOTSTRAP=1 cargo update --quiet --workspace -Z direct-minimal-versions
CARGO_PROFILE_DEV_DEBUG=false CARGO_TARGET_DIR=.. cargo check --locked --all-features --lib
popd >/dev/null

# Runs one test of tests/stored_data in a folder, with the versions of Cargo.lock.
newest() { # TEST FOLDER
    run_in "$2" --all-features --test stored_data -- --include-ignored --exact "$1"
}

# Runs the test with the oldest versions and one feature, because fewer features are faster to build.
oldest() { # TEST FOLDER
    CARGO_PROFILE_DEV_DEBUG=false CARGO_TARGET_DIR=target/minimal run_in "$2" \
        --manifest-path "$FOLDER/Cargo.toml" --features sqlite --test stored_data -- \
        --include-ignored --exact "$1"
}

# Fails unless exactly one test was run, and passed.
run_in() { # FOLDER ARGUMENTS
    local output
    if ! output=$(OAUTH_DCR_STORED_DATA=$PWD/$1 cargo test --locked --quiet "${@:2}") ||
        [[ $output != *"test result: ok. 1 passed;"* ]]; then
        echo "$output" >&2
        echo "tests/minimal_versions.sh: failed: ${*: -1} in $1" >&2
        return 1
    fi
}

readonly BY_OLDEST=target/minimal/by_oldest BY_NEWEST=target/minimal/by_newest
rm -rf "$BY_OLDEST" "$BY_NEWEST"
oldest write_for_another_build "$BY_OLDEST"
newest write_for_another_build "$BY_NEWEST"
newest read_from_another_build "$BY_OLDEST"
oldest read_from_another_build "$BY_NEWEST"
