#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while. Fails if a target crashes or reaches too little code.
#
#   tests/fuzz/run.sh            runs each target for 20 seconds
#   tests/fuzz/run.sh requests   runs this target
#
# OAUTH_DCR_FUZZ_SECONDS changes the time. The script writes only below target/fuzz; the inputs that a
# target finds stay there for the next run.
#
# libFuzzer guides the targets by coverage counters, which a stable compiler can insert. The flags are
# those of cargo-fuzz without a sanitizer, because the crate has no unsafe code to check.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly PACKAGE=oauth-dcr-fuzz
readonly FOLDER=target/fuzz
readonly PER_TARGET=${OAUTH_DCR_FUZZ_SECONDS:-20}
# Targets that read their input reach several thousand of the places that the compiler counts.
readonly MIN_COVERAGE=1000

fail() {
    echo "tests/fuzz/run.sh: $*" >&2
    exit 1
}

targets() {
    cargo metadata --locked --no-deps --format-version 1 | python3 -c '
import json, sys
packages = json.load(sys.stdin)["packages"]
package = next(it for it in packages if it["name"] == sys.argv[1])
print(*(it["name"] for it in package["targets"] if "bin" in it["kind"]), sep="\n")
' "$PACKAGE"
}

# Build scripts are not instrumented, because the host is named as a target.
build() { # HOST
    local counters=(
        -Cpasses=sancov-module
        -Cllvm-args=-sanitizer-coverage-level=4
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
        -Cllvm-args=-sanitizer-coverage-pc-table
        -Cllvm-args=-sanitizer-coverage-trace-compares
        -Cllvm-args=-simplifycfg-branch-fold-threshold=0
        -Ccodegen-units=1
        -Cdebug-assertions=yes
        -Coverflow-checks=yes
    )
    RUSTFLAGS="${counters[*]}" cargo build --locked --release --package "$PACKAGE" --bins \
        --target "$1" --target-dir "$FOLDER"
}

run() { # TARGET PROGRAM
    local corpus=$FOLDER/corpus/$1 crashes=$FOLDER/crashes/$1 log=$FOLDER/$1.log
    mkdir -p "$corpus" "$crashes"
    python3 tests/fuzz/seeds.py "$1" "$corpus"
    if ! "$2" -max_total_time="$PER_TARGET" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
        -print_final_stats=1 -artifact_prefix="$crashes/" "$corpus" >"$log" 2>&1; then
        grep -aE -A 4 'panicked at|ERROR: libFuzzer' "$log" >&2 || tail -n 40 "$log" >&2
        fail "$1 failed. Run it again on the input: $2 $(sed -n 's/.*Test unit written to //p' "$log")"
    fi
    summary "$1" <"$log"
}

# Prints how far a target got, and fails if that is not far.
summary() { # TARGET
    awk -v target="$1" -v least="$MIN_COVERAGE" '
        match($0, /cov: [0-9]+/) {
            coverage = substr($0, RSTART + 5, RLENGTH - 5)
            if (!seeded && /INITED/) seeded = coverage
        }
        /^stat::number_of_executed_units:/ { runs = $2 }
        /^stat::average_exec_per_sec:/ { speed = $2 }
        /^stat::new_units_added:/ { found = $2 }
        END {
            printf "%s: %d runs, %d a second; coverage %d, of which the seeds reach %d; %d new inputs\n",
                target, runs, speed, coverage, seeded, found
            exit coverage < least
        }' || fail "$1 reaches less than $MIN_COVERAGE"
}

cargo fmt --check --package "$PACKAGE"
host=$(rustc -vV | sed -n 's/^host: //p')
build "$host"
chosen=("$@")
(($#)) || mapfile -t chosen < <(targets)
((${#chosen[@]})) || fail "there are no targets"
for target in "${chosen[@]}"; do
    run "$target" "$FOLDER/$host/release/$target"
done
