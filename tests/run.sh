#!/usr/bin/env bash
# Checks everything: format, lints, features, documentation, tests. Installs what the tests need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    printf '\n== %s\n' "$*"
}

step "what the tests need"
bash tests/clients/install.sh
bash tests/servers/install.sh

step "format"
cargo fmt --check

step "lints"
cargo clippy --locked --all-targets --all-features -- -D warnings

step "each feature alone"
for features in "" conformance confusables geoip memory metrics postgres redis sqlite tower tracing; do
    RUSTFLAGS="-D warnings" cargo check --locked --quiet --lib --no-default-features --features "$features"
done

step "the size of the core"
crates=$(cargo tree --locked --no-default-features --edges normal --prefix none --no-dedupe |
    awk '{ print $1, $2 }' | sort -u)
count=$(wc -l <<<"$crates")
echo "$count crates"
((count <= 65)) || { echo "more than 65"; exit 1; }
! grep -E '^(tokio|async-std|smol) ' <<<"$crates" || { echo "a runtime"; exit 1; }

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
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --all-features

step "tests"
cargo build --locked --all-features --examples
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --all-features --no-fail-fast
else
    cargo test --locked --all-features --no-fail-fast --lib --tests
fi
cargo test --locked --all-features --doc
