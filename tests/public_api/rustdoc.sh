#!/bin/sh
# Runs rustdoc with its unstable options. Cargo itself must not see the variable: many build scripts
# would run again.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
