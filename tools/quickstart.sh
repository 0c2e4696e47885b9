#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# From nothing to usage that one can ask for: installs Talea into a directory
# of its own, replays a recorded cloud, prints what it used, serves the API.
set -euo pipefail

usage() {
    cat <<END
Usage: tools/quickstart.sh [--dir DIR] [--port PORT] [--no-serve]
                           [NOTIFICATIONS.jsonl.gz ...]

Installs Talea, replays notifications, prints what projects used and serves
the API on 127.0.0.1 until Ctrl-C. Doing it again changes no number.

  --dir DIR    where everything goes, the database too
               (default: ~/.local/share/talea-quickstart)
  --port PORT  of the API (default: 8797)
  --no-serve   end after the tables
  FILES        replayed instead of samples/cloud-a/notifications.jsonl.gz and
               samples/cluster.jsonl
END
}

fail() {
    echo "quickstart: $*" >&2
    exit 1
}

say() {
    printf '\n== %s\n' "$*"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=${XDG_DATA_HOME:-${HOME:-/tmp}/.local/share}/talea-quickstart
port=8797
serve=yes
files=()

while [ $# -gt 0 ]; do
    case $1 in
        --dir | --port)
            [ $# -gt 1 ] || fail "$1 needs a value"
            if [ "$1" = --dir ]; then dir=$2; else port=$2; fi
            shift
            ;;
        --dir=*) dir=${1#*=} ;;
        --port=*) port=${1#*=} ;;
        --no-serve) serve=no ;;
        -h | --help)
            usage
            exit 0
            ;;
        -?*)
            usage >&2
            fail "there is no option $1"
            ;;
        *) files+=("$1") ;;
    esac
    shift
done

[[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] ||
    fail "$port is no port"
for file in "${files[@]}"; do
    [ "$file" = - ] || [ -r "$file" ] || fail "cannot read $file"
done
[ ${#files[@]} -gt 0 ] || files=(
    "$root/samples/cloud-a/notifications.jsonl.gz"
    "$root/samples/cluster.jsonl"
)

# What the machine must have

packages=()
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    packages+=(python3-venv)
[ "$serve" = no ] || command -v curl >/dev/null || packages+=(curl)

if [ ${#packages[@]} -gt 0 ]; then
    install="apt-get update -q && DEBIAN_FRONTEND=noninteractive"
    install+=" apt-get install -qy --no-install-recommends ${packages[*]}"
    if ! command -v apt-get >/dev/null; then
        fail "please install ${packages[*]} first"
    elif [ "$(id -u)" = 0 ]; then
        become=(sh -c)
    elif command -v sudo >/dev/null && { sudo -n true || [ -t 0 ]; } \
            2>/dev/null; then
        become=(sudo sh -c)
    else
        become=()
    fi
    if [ ${#become[@]} -eq 0 ]; then
        if command -v sudo >/dev/null; then line=sudo\ sh; else line='su -'; fi
        echo "quickstart: ${packages[*]} missing. Please run this line," \
            "then come back:" >&2
        echo "$line -c '$install'" >&2
        exit 1
    fi
    say "Installing ${packages[*]}"
    "${become[@]}" "$install" >/dev/null
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed; this is $(python3 --version)"

free() {
    python3 - "$port" <<'END'
import socket
import sys

with socket.socket() as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(('127.0.0.1', int(sys.argv[1])))
    server.listen()
END
}

[ "$serve" = no ] || free 2>/dev/null ||
    fail "port $port of 127.0.0.1 is in use; choose another with --port"

# Talea, in a virtual environment of its own

umask 077
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
venv=$dir/venv
conf=$dir/talea.conf
stamp=$venv/installed-from

changed() {
    [ "$(cat "$stamp" 2>/dev/null)" != "$root" ] || [ -n "$(
        find "$root/talea" "$root/pyproject.toml" "$root/requirements.txt" \
            "$root/upper-constraints.txt" -type f -newer "$stamp" \
            ! -name '*.pyc' -print -quit
    )" ]
}

install() {
    local source
    source=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$source'" EXIT
    # Built in a copy: the checkout may belong to somebody else, and what an
    # earlier build left in it must not get into this one.
    tar -C "$root" --exclude=./.venv --exclude=./.tox --exclude=./build \
        --exclude='./*.egg-info' -cf - . |
        tar -C "$source" --no-same-owner -xf -
    if ! git -C "$source" rev-parse >/dev/null 2>&1; then
        export PBR_VERSION=${PBR_VERSION:-0.0.0}
    fi
    pip=("$venv/bin/pip" --quiet --disable-pip-version-check --no-input
        install --constraint "$root/upper-constraints.txt")
    # The tools of the build come from the constraints, too.
    "${pip[@]}" --only-binary :all: pbr setuptools wheel
    # The one dependency without a wheel; it is a single Python file.
    "${pip[@]}" --no-build-isolation --use-pep517 simplegeneric
    "${pip[@]}" --only-binary :all: --no-build-isolation "$source"
    rm -rf "$source"
    trap - EXIT
    echo "$root" >"$stamp"
}

"$venv/bin/pip" --version >/dev/null 2>&1 ||
    python3 -m venv --clear "$venv"
if changed; then
    say "Installing Talea into $venv"
    install
fi

# Its configuration

if [ ! -e "$conf" ]; then
    key=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')
    cat >"$conf" <<END
[DEFAULT]
log_file = $dir/talea.log

[api]
host = 127.0.0.1
port = $port

[auth]
strategy = private_key
private_key = $key

[database]
connection = sqlite:///$dir/talea.sqlite

[deployment:default]
transport_url = fake://
END
fi
# Short periods, rated however long ago they were, but none that the recording
# does not cover: numbers stand still. Prices may be set for the past.
grep -q '^\[processor\]' "$conf" || cat >>"$conf" <<END

[processor]
period = 300
rate_from = 2000-01-01
close_after = 36500
silence_timeout = 0

[hashmap]
force = true
END
sed -i "s/^port = .*/port = $port/" "$conf"
sed -n 's/^private_key = /X-Auth-Token: /p' "$conf" >"$dir/token"
cat >"$dir/openrc" <<END
export OS_AUTH_TYPE=admin_token
export OS_ENDPOINT=http://127.0.0.1:$port
END
sed -n 's/^private_key = /export OS_TOKEN=/p' "$conf" >>"$dir/openrc"
chmod 600 "$conf" "$dir/token" "$dir/openrc"

# From notifications to usage

manage=("$venv/bin/talea-manage" --config-file "$conf")
say "Replaying ${files[*]}"
"${manage[@]}" --quiet db upgrade
"${manage[@]}" notification replay "${files[@]}"
say "Usage"
"${manage[@]}" usage show 2>"$dir/window" || {
    cat "$dir/window" >&2
    exit 1
}
printf '\n%s\n' "$(cat "$dir/window")"
say "Settling"
"${manage[@]}" scope settle
[ "$serve" = yes ] || exit 0

# The API

"$venv/bin/talea-standalone" --config-file "$conf" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
until curl -fs -o "$dir/health" "http://127.0.0.1:$port/healthcheck"; do
    kill -0 "$server" 2>/dev/null ||
        fail "the API did not start; see $dir/talea.log"
    sleep 0.2
done
rm -f "$dir/health"

read -r begin end < <(
    sed -n 's/^Usage from \(.*\) \(.*\) to \(.*\) \([0-9:.]*\) UTC.*/\1T\2 \3T\4/p' \
        "$dir/window"
)
project=$("${manage[@]}" --quiet usage show -f value -c project |
    sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
api=http://127.0.0.1:$port/v1
curl="curl -s -H @$(printf %q "$dir/token")"
say "Serving on http://127.0.0.1:$port until Ctrl-C. In another terminal:"
cat <<END

$curl '$api/info'
$curl '$api/project/$project/usage?start=$begin&end=$end'
$curl '$api/project/$project/usage?start=$begin&end=$end&format=csv'
$curl '$api/project/$project/instances?start=$begin&end=$end'
$curl 'http://127.0.0.1:$port/v2/scope'
$curl 'http://127.0.0.1:$port/v2/summary?begin=$begin&end=$end&groupby=project_id'
$curl '$api/stats'

With python-openstackclient and python-cloudkittyclient, to give it prices:

. $(printf %q "$dir/openrc")
$(printf %q "$root/samples/prices.sh")
openstack rating summary get -b $begin -e $end -g project_id

The database, the configuration and the log are in $dir.
END
wait "$server"
