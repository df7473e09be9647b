#!/bin/sh
# Makes the environment named by $1 with the first fitting Python, and installs this checkout into it with all extras.
# Prints what it does in plain words; pip's own output is shown only when it fails.
set -eu

venv=$1
log=build/setup.log
mkdir -p build

# Succeeds when $1 is a Python that is new enough and can make environments.
fits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

first_fitting() {
    for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if fits "$python"; then
            command -v "$python"
            return 0
        fi
    done
    return 1
}

if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
    if ! python=$(first_fitting) && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "No Python 3.11 or newer that has the module venv: installing Debian's python3-venv …"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv; } \
            >"$log" 2>&1 </dev/null || tail -n 20 "$log" >&2
        python=$(first_fitting) || python=
    fi
    if [ -z "${python:-}" ]; then
        echo "boardpulse needs Python 3.11 or newer with the module venv." >&2
        echo "Debian and Ubuntu: apt-get install python3-venv. Elsewhere: any Python from python.org." >&2
        echo "A Python that is not on PATH is named like this: make PYTHON=/opt/python3.12/bin/python3 $venv" >&2
        exit 1
    fi
    echo "Creating $venv with $("$python" --version) (once, about a minute) …"
    "$python" -m venv --clear "$venv"
fi

echo "Installing boardpulse and what it needs into $venv …"
if ! "$venv/bin/python" -m pip install --quiet --editable '.[bench,demo,dev]' >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    echo "pip could not install it. The full output is in $log; the same command goes on where it stopped." >&2
    exit 1
fi
