#!/usr/bin/env bash
# Checks everything: format, lints, features, dependencies, documentation, tests. Installs the tools
# that it needs. It runs on Linux, because the tests find their processes in /proc.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The release whose warnings are errors. Another release may have new lints.
readonly CHECKED_WITH=1.95
readonly CARGO_DENY=0.20.2
readonly MAX_CRATES=65
# The members that are built together, so that each crate is compiled once with all features that the
# members need.
readonly members=(--workspace --exclude oauth-dcr-fuzz)

fail() {
    echo "tests/run.sh: $*" >&2
    exit 1
}

name=
step() { # NAME
    finish_step
    name=$1
    started=$SECONDS
    printf '\n== %s\n' "$name"
}

finish_step() {
    [[ -z $name ]] || printf -- '-- %s: %d s\n' "$name" "$((SECONDS - started))"
}

finish() {
    finish_step
    printf -- '-- total: %d s\n' "$SECONDS"
}
trap finish EXIT

# Whether the default Rust, or else one of rustup, can list the public items.
can_list_public_items() {
    [[ $(rustc --version) == "rustc $CHECKED_WITH."* ]] ||
        [[ $(rustup run "$CHECKED_WITH.0" rustc --version 2>/dev/null) == "rustc $CHECKED_WITH."* ]]
}

# Sets `cargo_deny` to a program of exactly this version, because other versions may have other checks.
# Without optimization it runs in seconds; compiling it with optimization would take minutes.
find_or_install_cargo_deny() {
    local program
    for program in cargo-deny target/tools/bin/cargo-deny; do
        if [[ $("$program" --version 2>/dev/null) == "cargo-deny $CARGO_DENY" ]]; then
            cargo_deny=$program
            return
        fi
    done
    echo "cargo-deny $CARGO_DENY goes below target/tools; compiling it takes one or two minutes"
    CARGO_PROFILE_DEV_DEBUG=false cargo install --locked --quiet --debug --no-default-features \
        --root target/tools "cargo-deny@$CARGO_DENY"
    cargo_deny=target/tools/bin/cargo-deny
}

# Prints the value of an expression about `package`, which is a member of the workspace as its Cargo.toml
# describes it.
of_package() { # NAME EXPRESSION
    cargo metadata --locked --no-deps --format-version 1 | python3 -c '
import json, sys

packages = json.load(sys.stdin)["packages"]
package = next(it for it in packages if it["name"] == sys.argv[1])
print(eval(sys.argv[2]))
' "$@"
}

features() { # PACKAGE
    of_package "$1" '"\n".join(package["features"])'
}

oldest_rust() {
    of_package oauth-dcr 'package["rust_version"]'
}

# Checks a target as users compile it, with one feature or none.
check_feature() { # FEATURE TARGET...
    echo "${1:-none}"
    cargo rustc --locked --quiet --profile check --no-default-features --features "$1" "${@:2}" -- \
        "${warnings[@]}"
}

# Fails if a dependency declares that it needs a newer Rust.
declared_rust() { # OLDEST
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    cargo metadata --locked --format-version 1 --filter-platform "$host" | python3 -c '
import json, sys

def number(version):
    return [int(part) for part in (version.split(".") + ["0"])[:3]]

oldest = sys.argv[1]
packages = json.load(sys.stdin)["packages"]
declared = [it for it in packages if it["rust_version"]]
newer = [it["id"] for it in declared if number(it["rust_version"]) > number(oldest)]
print(f"{len(declared)} of {len(packages)} packages declare a Rust version, {len(newer)} a newer one")
sys.exit("\n".join(newer) if newer else 0)
' "$1"
}

# Prints rustup's name for the toolchain, or nothing.
installed_toolchain() { # RELEASE
    rustup toolchain list 2>/dev/null | awk -v release="$1" '
        index($1, release "-") == 1 || index($1, release ".") == 1 { name = $1 }
        END { print name }' || true
}

# The crates that are compiled into a program without any feature.
core() {
    cargo tree --locked --no-default-features --edges normal --prefix none --no-dedupe |
        awk '{ print $1, $2 }' | sort -u
}

# Builds the documentation as docs.rs does: only from the files of the package, and with the feature that
# each item needs, which a stable compiler does not show by default.
document_package() {
    local folder=target/documented version
    rm -rf "$folder"
    mkdir -p "$folder"
    version=$(of_package oauth-dcr 'package["version"]')
    tar -x -f "target/package/oauth-dcr-$version.crate" -C "$folder" --strip-components=1
    # The folder is no member of the workspace around it.
    printf '\n[workspace]\n' >>"$folder/Cargo.toml"
    RUSTC_BOOTSTRAP=1 RUSTDOCFLAGS="--cfg docsrs ${warnings[*]}" cargo doc --locked --no-deps --all-features \
        --manifest-path "$folder/Cargo.toml" --target-dir target/docs.rs
}

# Checks the crates that a program has through this crate with these features. The workspace has the crates
# of its tests as well, so the program is a package outside of the workspace.
check_bans() { # CONFIG FEATURE...
    local folder=target/bans
    mkdir -p "$folder"
    cp Cargo.lock "$folder"
    cat >"$folder/Cargo.toml" <<TOML
[package]
name = "program"
edition = "2024"

[lib]
path = "/dev/null"

[dependencies.oauth-dcr]
path = "../.."
default-features = false
features = [$(printf '"%s", ' "${@:2}")]

[workspace]
TOML
    "$cargo_deny" --offline --manifest-path "$folder/Cargo.toml" --config "$1" check bans
}

[[ $(uname -s) == Linux ]] || fail "the tests need Linux, and this is $(uname -s)"

step "what the tests need"
can_list_public_items ||
    fail "tests/public_api needs Rust $CHECKED_WITH: rustup toolchain install $CHECKED_WITH.0"
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
cargo clippy --locked --all-targets --all-features "${members[@]}" -- "${warnings[@]}"
cargo clippy --locked --no-deps --package authorization-server -- "${warnings[@]}"
cargo clippy --locked --no-deps --package oauth-dcr-fuzz -- "${warnings[@]}"

step "each feature alone"
features=$(features oauth-dcr)
for feature in "" $features; do
    check_feature "$feature" --lib
done
echo "authorization-server:"
features_of_server=$(features authorization-server)
for feature in "" $features_of_server; do
    check_feature "$feature" --package authorization-server --bin authorization-server
done

step "the oldest dependencies that will do"
bash tests/minimal_versions.sh

step "the size of the core"
count=$(core | wc -l)
echo "$count crates"
((count <= MAX_CRATES)) || fail "more than $MAX_CRATES"

step "licences, sources and banned crates"
"$cargo_deny" --locked --config .deny.toml check licenses sources bans
check_bans .deny.core.toml default
mapfile -t local_features < <(grep -Evx 'postgres|redis|sqlite' <<<"$features")
check_bans .deny.local.toml "${local_features[@]}"

step "the oldest Rust that will do"
oldest=$(oldest_rust)
declared_rust "$oldest"
toolchain=$(installed_toolchain "$oldest")
if [[ -n $toolchain ]]; then
    echo "with $toolchain"
    cargo "+$toolchain" check --locked --all-features --lib
else
    echo "Nothing was built with Rust $oldest, which is not installed: rustup toolchain install $oldest"
fi

step "the package"
# Before a commit as well.
cargo package --locked --all-features --allow-dirty --package oauth-dcr

step "documentation"
document_package

step "the first command of the README"
bash tests/first_command.sh

step "claims"
python3 tests/evidence_test.py
python3 tests/evidence.py

step "tests"
cargo build --locked --all-features "${members[@]}" --bins --examples
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --all-features "${members[@]}" --no-fail-fast
else
    cargo test --locked --all-features "${members[@]}" --no-fail-fast --lib --tests
fi
cargo test --locked --all-features --doc

step "fuzz targets"
bash tests/fuzz/run.sh
