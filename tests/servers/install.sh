#!/usr/bin/env bash
# Installs the servers that the tests run. It starts no server: the tests start their own servers on free
# loopback ports, and stop them.
#
#   tests/servers/install.sh                   installs what is missing
#   tests/servers/install.sh --check           only checks whether anything is missing
#   tests/servers/install.sh --find postgresql prints the folder of its programs
#   tests/servers/install.sh --find redis      prints the program, which may be Valkey's
#   tests/servers/install.sh --find nginx      prints the program of a reverse proxy: nginx, haproxy,
#                                              apache2 or caddy
#   tests/servers/install.sh --find pgbouncer  prints the program
set -euo pipefail

readonly MIN_POSTGRESQL=14
readonly MIN_REDIS=7.0
readonly POLICY=/usr/sbin/policy-rc.d
# Each is the name of the program.
readonly PROXIES=(nginx haproxy apache2 caddy)

fail() {
    echo "tests/servers/install.sh: $*" >&2
    exit 1
}

is_at_least() { # VERSION MINIMUM
    [[ -n $1 && $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}

version_of() { # PROGRAM
    "$1" --version 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)*' | head -n 1
}

# Debian has the programs of each release in a separate folder outside of PATH.
find_postgresql() {
    local folder folders
    mapfile -t folders < <(
        printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
        command -v postgres | xargs -r dirname
    )
    for folder in "${folders[@]}"; do
        [[ -x $folder/initdb && -x $folder/createdb && -x $folder/postgres ]] || continue
        is_at_least "$(version_of "$folder/postgres")" "$MIN_POSTGRESQL" || continue
        echo "$folder"
        return
    done
    return 1
}

find_redis() {
    local name program
    for name in redis-server valkey-server; do
        program=$(command -v "$name") || continue
        is_at_least "$(version_of "$program")" "$MIN_REDIS" || continue
        echo "$program"
        return
    done
    return 1
}

# PATH holds the folder for system programs only for some users.
find_program() { # NAME
    PATH=$PATH:/usr/local/sbin:/usr/sbin command -v "$1"
}

# Debian's package of the program and its modules. For Apache httpd that is a package without the service.
package_of_proxy() { # NAME
    case $1 in
        apache2) echo apache2-bin ;;
        *) echo "$1" ;;
    esac
}

has_postgresql() {
    find_postgresql >/dev/null
}

has_redis() {
    find_redis >/dev/null
}

# A Debian package starts its service unless this program forbids it. A machine that already has this
# program, like a container, keeps it.
start_no_service() {
    [[ ! -e $POLICY ]] || return 0
    trap 'rm -f "$POLICY"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
}

install_servers() {
    local missing=() proxy
    has_postgresql || missing+=(postgresql)
    has_redis || missing+=(redis-server)
    find_program pgbouncer >/dev/null || missing+=(pgbouncer)
    for proxy in "${PROXIES[@]}"; do
        find_program "$proxy" >/dev/null || missing+=("$(package_of_proxy "$proxy")")
    done
    ((${#missing[@]})) || return 0
    if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
        start_no_service
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
            "${missing[@]}" >/dev/null
    fi
    has_postgresql || fail "PostgreSQL >= $MIN_POSTGRESQL with its server programs is needed"
    has_redis || fail "Redis >= $MIN_REDIS or Valkey is needed"
    find_program pgbouncer >/dev/null || fail "the program pgbouncer is needed"
    for proxy in "${PROXIES[@]}"; do
        find_program "$proxy" >/dev/null || fail "the program $proxy is needed"
    done
}

where_is() { # NAME
    case $1 in
        postgresql)
            find_postgresql ||
                fail "PostgreSQL >= $MIN_POSTGRESQL is missing: run tests/servers/install.sh"
            ;;
        redis)
            find_redis ||
                fail "Redis >= $MIN_REDIS or Valkey is missing: run tests/servers/install.sh"
            ;;
        nginx | haproxy | apache2 | caddy | pgbouncer)
            find_program "$1" || fail "the program $1 is missing: run tests/servers/install.sh"
            ;;
        *) fail "no server is called '$1'" ;;
    esac
}

check() {
    where_is postgresql >/dev/null
    where_is redis >/dev/null
    where_is pgbouncer >/dev/null
    local proxy
    for proxy in "${PROXIES[@]}"; do
        where_is "$proxy" >/dev/null
    done
}

case ${1:-} in
    --check) check ;;
    --find) where_is "${2:-}" ;;
    '') install_servers ;;
    *) fail "usage: tests/servers/install.sh [--check | --find NAME]" ;;
esac
