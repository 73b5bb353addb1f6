#!/usr/bin/env bash
# Installs the OAuth client libraries that tests/real_clients.rs and tests/real_flows.rs drive, and
# the database that tests/public_geoip.rs reads, at their pinned versions. Also installs the programs
# that these and other tests call.
#
#   tests/clients/install.sh           installs what is missing or out of date
#   tests/clients/install.sh --check   only checks whether anything is missing
#   tests/clients/install.sh --browser prints the path of the browser: Chromium, or Google Chrome.
#                                      $CHROMIUM, if it is set, takes precedence
set -euo pipefail

# Before the change of folder: a path may be relative to the folder of the caller.
[[ ${CHROMIUM:-} != */* ]] || CHROMIUM=$(realpath -s "$CHROMIUM")
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly MIN_NODE=20
readonly NO_BROWSER="${CHROMIUM:-chromium} is missing"
readonly NODE_STAMP=node_modules/.installed
readonly PYTHON_STAMP=.venv/.installed

fail() {
    echo "tests/clients/install.sh: $*" >&2
    exit 1
}

has_npm() {
    command -v npm >/dev/null
}

has_node() {
    local major
    major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) || return 1
    ((major >= MIN_NODE))
}

# Debian has ensurepip, which a virtual environment needs, in a separate package.
has_python() {
    python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_browser() {
    if [[ -n ${CHROMIUM:-} ]]; then
        type -P "$CHROMIUM"
        return
    fi
    local name
    for name in chromium chromium-browser google-chrome; do
        ! type -P "$name" || return 0
    done
    return 1
}

has_browser() {
    find_browser >/dev/null
}

# tests/guide.rs runs the commands of guide pages, which call curl.
has_curl() {
    command -v curl >/dev/null
}

install_tools() {
    local missing=()
    has_node || missing+=(nodejs)
    has_npm || missing+=(npm)
    has_python || missing+=(python3 python3-venv)
    has_browser || [[ -n ${CHROMIUM:-} ]] || missing+=(chromium)
    has_curl || missing+=(curl)
    ((${#missing[@]})) || return 0
    if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
            "${missing[@]}" >/dev/null
    fi
    has_node && has_npm ||
        fail "node >= $MIN_NODE and npm are needed (Debian has them from release 13 on)"
    has_python || fail "python3 >= 3.11 with venv and ensurepip is needed"
    has_browser || fail "$NO_BROWSER"
    has_curl || fail "curl is needed"
}

node_sum() {
    cat package.json package-lock.json | cksum
}

python_sum() {
    { python3 --version; cat requirements.txt; } | cksum
}

is_current() { # STAMP SUM
    [[ -f $1 && $(<"$1") == "$2" ]]
}

install_node_packages() {
    is_current "$NODE_STAMP" "$(node_sum)" && return
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
    node_sum >"$NODE_STAMP"
}

install_python_packages() {
    is_current "$PYTHON_STAMP" "$(python_sum)" && return
    python3 -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
    python_sum >"$PYTHON_STAMP"
}

check() {
    has_node && has_npm || fail "node >= $MIN_NODE and npm are missing: run tests/clients/install.sh"
    has_python || fail "python3 >= 3.11 with venv is missing: run tests/clients/install.sh"
    has_browser || fail "$NO_BROWSER: run tests/clients/install.sh"
    has_curl || fail "curl is missing: run tests/clients/install.sh"
    is_current "$NODE_STAMP" "$(node_sum)" && is_current "$PYTHON_STAMP" "$(python_sum)" ||
        fail "the client libraries are missing or out of date: run tests/clients/install.sh"
}

case ${1:-} in
    --check) check ;;
    --browser) find_browser || fail "$NO_BROWSER: run tests/clients/install.sh" ;;
    '')
        install_tools
        install_node_packages
        install_python_packages
        ;;
    *) fail "usage: tests/clients/install.sh [--check | --browser]" ;;
esac
