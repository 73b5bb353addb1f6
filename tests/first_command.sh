#!/usr/bin/env bash
# Runs the first steps of the README in a new clone: runs the first command, waits for its first line of
# output, and runs the `curl` line. Fails unless this registers a client, and if the command compiles too
# many crates. The command may take 15 minutes to compile.
#
# It writes only below target/first_command.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly MIN_CRATES=20 MAX_CRATES=170
readonly MAX_SECONDS=900
readonly FOLDER=target/first_command
readonly CLONE=$FOLDER/clone LOG=$FOLDER/log OUTPUT=$FOLDER/output

fail() {
    [[ ! -s $LOG ]] || tail -n 20 "$LOG" >&2
    echo "tests/first_command.sh: $*" >&2
    exit 1
}

# A clone has only the committed files. They are archived, because git refuses to clone the repository of another
# user. Without a repository, all files are copied except those that tests install.
clone() {
    local git=(git -c "safe.directory=*")
    mkdir "$CLONE"
    if [[ -e .git ]]; then
        "${git[@]}" archive HEAD | tar -x -C "$CLONE" || fail "git cannot read the committed files"
        [[ -z $("${git[@]}" status --porcelain) ]] || echo "Changes that are not committed are left out."
    else
        echo "There is no repository: the files are copied."
        tar -c --exclude=./target --exclude=node_modules --exclude=.venv . | tar -x -C "$CLONE"
    fi
}

# The first command of the README.
command_of_readme() {
    awk '/^```sh$/ { inside = 1; next } inside { print; exit }' "$CLONE/README.md"
}

# Starts the command in the clone, at a free port. Cargo becomes the server, so `server` is its process.
# The settings of cargo make its lines `Compiling` plain text, so that they can be counted.
start() { # COMMAND
    local target=$PWD/$FOLDER/build
    (
        cd "$CLONE"
        export CARGO_TARGET_DIR=$target CARGO_TERM_COLOR=never CARGO_TERM_QUIET=false
        exec $1 -- --listen 127.0.0.1:0
    ) >"$OUTPUT" 2>"$LOG" &
    server=$!
    trap 'kill "$server" 2>/dev/null || true' EXIT
}

wait_for_first_line() {
    local end=$((SECONDS + MAX_SECONDS))
    until [[ -s $OUTPUT ]]; do
        ((SECONDS < end)) || fail "the command printed nothing within $MAX_SECONDS seconds"
        kill -0 "$server" 2>/dev/null || fail "the command ended before it listened"
        sleep 0.2
    done
    [[ $(head -n 1 "$OUTPUT") == "listening on http://127.0.0.1:"* ]] ||
        fail "the first line is: $(head -n 1 "$OUTPUT")"
}

check_crates() {
    local count
    # If no line matches, grep prints 0 and fails.
    count=$(grep -c '^ *Compiling ' "$LOG") || true
    echo "$count crates"
    ((count >= MIN_CRATES)) || fail "fewer than $MIN_CRATES: cargo does not print what it compiles"
    ((count <= MAX_CRATES)) || fail "more than $MAX_CRATES"
}

register() {
    local curl answer
    curl=$(grep '^curl ' "$OUTPUT") || fail "the server printed no curl line"
    answer=$(eval "$curl -w ' %{http_code}'") || fail "the curl line fails"
    echo "$answer"
    [[ $answer == *'"client_id":"tpc_'*' 201' ]] || fail "no client was registered"
}

# Back ends that are not built in are errors that name the feature.
check_missing_features() {
    local option message
    for option in "store postgres://localhost/a" "limiter redis://localhost" "geoip a.mmdb"; do
        # shellcheck disable=SC2086 # an option and its value
        ! message=$("$FOLDER/build/release/authorization-server" --$option 2>&1) ||
            fail "--$option works without its feature"
        [[ $message == *"--features "* ]] || fail "--$option: $message"
    done
}

end() {
    kill "$server"
    wait "$server" || fail "the server ended with exit code $?"
    trap - EXIT
}

rm -rf "$FOLDER"
mkdir -p "$FOLDER"
clone
command=$(command_of_readme)
echo "$command"
[[ $command == "cargo run "* ]] || fail "the first command of the README does not start the server"
start "$command"
wait_for_first_line
check_crates
register
check_missing_features
end
rm -rf "$FOLDER"
