#!/bin/sh
# Sets up .venv with the locked dependencies. `tools/setup.sh test` also installs what the tests and
# the demo use beside Python (curl, openssl, Debian's haproxy, h2load, chromium, strongSwan's pki),
# where this user may do so.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
stamp=.venv/.ready

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 update >/dev/null &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" >/dev/null
}

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || {
    echo "ostiary needs Python 3.11 to 3.13; '$python' is $("$python" --version 2>&1)." >&2
    echo "Name another: make PYTHON=python3.12 ..." >&2
    exit 1
}

if [ ! -e "$stamp" ] || [ requirements.lock -nt "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    echo "setting up .venv (once) ..."
    if ! "$python" -m venv --clear .venv >/dev/null 2>&1; then
        apt_install python3-venv && "$python" -m venv --clear .venv || {
            echo "'$python -m venv' does not work here. As root: apt-get install python3-venv" >&2
            exit 1
        }
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    touch "$stamp"
fi

[ "${1:-}" = test ] || exit 0
missing=
for pair in curl:curl openssl:openssl haproxy:haproxy h2load:nghttp2-client chromium:chromium \
    redis-cli:redis-tools \
    pki:strongswan-pki,libstrongswan-standard-plugins; do
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 ||
        missing="$missing $(echo "${pair##*:}" | tr , ' ')"
done
if [ -n "$missing" ]; then
    echo "installing$missing ..."
    # shellcheck disable=SC2086 - a list of words
    apt_install $missing || for one in $missing; do
        # One that this distribution lacks must not keep the others away.
        apt_install "$one" || echo "could not install $one: tests that need it are skipped, and say so" >&2
    done
fi
# Express Gateway's own command; without it its test is skipped, and says so.
if command -v npm >/dev/null 2>&1; then
    .venv/bin/python -m bench.install express_gateway >/dev/null ||
        echo "could not install express-gateway: the test with its command is skipped" >&2
fi
