# SPDX-License-Identifier: Apache-2.0
# lib.sh: what the tests of the command have in common. Source it as `. lib.sh KRARUP PKGCONFIG`:
# the program under test, and the folder of the pkg-config file that goes with it.
#
# Each test has a folder of its own, where it stands, and a folder of its own for sockets and pid
# files; both are gone at the end, and so is every node that was started there.
set -u
krarup_program=$1
PATH=$(dirname "$krarup_program"):$PATH
export PKG_CONFIG_PATH=$2${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export KRARUP_RUN_DIR=$work/run KRARUP_HISTORY=$work/history NO_COLOR=1
unset CFLAGS CC NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID MAKEFLAGS MAKELEVEL
failed=0

end_nodes() {
        for file in "$KRARUP_RUN_DIR"/*.pid; do
                [ -f "$file" ] || continue
                name=$(basename "$file" .pid)
                krarup stop "$name" --timeout 10 --kill >/dev/null 2>&1
        done
}
trap 'end_nodes; cd /; rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
        echo "FAILED: $*"
        failed=1
}

# Run a command; its outputs are in $work/out and $work/err. check STATUS COMMAND...
check() {
        want=$1
        shift
        "$@" >"$work/out" 2>"$work/err" </dev/null
        got=$?
        [ $got -eq "$want" ] || {
                fail "$* returned $got, not $want"
                cat "$work/out" "$work/err"
        }
}

# What the last one said: says TEXT, complains TEXT; a basic regular expression.
says() { grep -q -- "$1" "$work/out" || { fail "it did not say: $1"; cat "$work/out"; }; }
complains() { grep -q -- "$1" "$work/err" || { fail "it did not complain: $1"; cat "$work/err"; }; }

# Wait until a command succeeds; fails after a while. await COMMAND...
await() {
        tries=0
        until "$@" >/dev/null 2>&1; do
                tries=$((tries + 1))
                [ $tries -lt 600 ] || { fail "it did not come to: $*"; return 1; }
                sleep 0.05
        done
}
