#!/usr/bin/env bash
# Checks everything: format, lints, features, dependencies, documentation, tests. Installs what that
# needs. It runs on Linux: the tests find and end the processes that they start by what Linux says of
# them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The release whose warnings are errors. Another one may have lints that nobody has seen yet.
readonly CHECKED_WITH=1.95
readonly CARGO_DENY=0.20.2
readonly MAX_CRATES=65
readonly RUNTIMES='actix-rt|async-executor|async-global-executor|async-io|async-std|embassy-executor|futures-executor|glommio|mio|monoio|polling|smol|tokio'

fail() {
    echo "tests/run.sh: $*" >&2
    exit 1
}

name=
step() { # NAME
    finish
    name=$1
    SECONDS=0
    printf '\n== %s\n' "$name"
}

finish() {
    [[ -z $name ]] || printf -- '-- %s: %d s\n' "$name" "$SECONDS"
}
trap finish EXIT

# Sets `cargo_deny`: of another version there may be one that judges otherwise. What it can do without
# being optimized takes seconds; optimizing it would take minutes.
find_or_install_cargo_deny() {
    local program
    for program in cargo-deny target/tools/bin/cargo-deny; do
        if [[ $("$program" --version 2>/dev/null) == "cargo-deny $CARGO_DENY" ]]; then
            cargo_deny=$program
            return
        fi
    done
    echo "cargo-deny $CARGO_DENY goes below target/tools; compiling it takes a minute or two"
    CARGO_PROFILE_DEV_DEBUG=false cargo install --locked --quiet --debug --no-default-features \
        --root target/tools "cargo-deny@$CARGO_DENY"
    cargo_deny=target/tools/bin/cargo-deny
}

# Of the package, by its Cargo.toml.
features() {
    cargo metadata --locked --no-deps --format-version 1 |
        python3 -c 'import json, sys; print(*json.load(sys.stdin)["packages"][0]["features"], sep="\n")'
}

# The crates that are compiled into a program with these features.
tree() { # FEATURES
    cargo tree --locked --no-default-features --features "$1" --edges normal --prefix none --no-dedupe |
        awk '{ print $1, $2 }' | sort -u
}

[[ $(uname -s) == Linux ]] || fail "the tests need Linux, and this is $(uname -s)"

step "what the tests need"
bash tests/clients/install.sh
bash tests/servers/install.sh
find_or_install_cargo_deny
if [[ $(rustc --version) == "rustc $CHECKED_WITH."* ]]; then
    warnings=(-D warnings)
else
    warnings=(--cap-lints warn)
    echo "Warnings are shown and stop nothing: they are errors with Rust $CHECKED_WITH, and this is" \
        "$(rustc --version)"
fi

step "format"
cargo fmt --check

step "lints"
cargo clippy --locked --all-targets --all-features -- "${warnings[@]}"

step "each feature alone"
features=$(features)
for feature in "" $features; do
    echo "${feature:-none}"
    cargo rustc --locked --quiet --lib --profile check --no-default-features --features "$feature" -- \
        "${warnings[@]}"
done

step "the oldest dependencies that will do"
bash tests/minimal_versions.sh

step "the size of the core"
core=$(tree "")
count=$(wc -l <<<"$core")
echo "$count crates"
((count <= MAX_CRATES)) || fail "more than $MAX_CRATES"
by_default=$(tree default)
for crates in "$core" "$by_default"; do
    ! grep -E "^($RUNTIMES) " <<<"$crates" || fail "a runtime, without having been asked for"
done

step "licences and sources"
"$cargo_deny" --locked --config .deny.toml check licenses sources bans

step "the oldest Rust that will do"
cargo metadata --locked --format-version 1 --filter-platform "$(rustc -vV | sed -n 's/^host: //p')" |
    python3 -c '
import json, sys

def number(version):
    return [int(part) for part in (version.split(".") + ["0"])[:3]]

packages = json.load(sys.stdin)["packages"]
own = next(it["rust_version"] for it in packages if it["name"] == "oauth-dcr")
newer = [it["id"] for it in packages if number(it["rust_version"] or "1.0") > number(own)]
print(f"{len(packages)} packages build with Rust {own}")
sys.exit("\n".join(["these need a newer one:", *newer]) if newer else 0)
'

step "documentation"
RUSTDOCFLAGS="${warnings[*]}" cargo doc --locked --no-deps --all-features

step "tests"
cargo build --locked --all-features --examples
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --all-features --no-fail-fast
else
    cargo test --locked --all-features --no-fail-fast --lib --tests
fi
cargo test --locked --all-features --doc
