#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run every test: style, types, unit, functional on real servers, documents.
#
#   tools/run-tests.sh               everything
#   tools/run-tests.sh unit docs     some parts: style types unit functional
#                                    docs api-ref releasenotes samples
#
# Installs the packages of bindep.txt where they are missing and it may, and
# makes a virtual environment in .venv. The last line is
# "N passed, N failed, N skipped"; a skipped test is a failure of the run.
# shellcheck disable=SC2015,SC2329
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 OS_LOG_CAPTURE=true PIP_DISABLE_PIP_VERSION_CHECK=1
PATH=$PATH:/usr/sbin:/sbin

PARTS=(style types unit functional docs api-ref releasenotes samples)
VENV=$PWD/.venv
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
passed=0 failed=0 skipped=0
group=
failures=()

finish() {
    [ ${#failures[@]} = 0 ] || printf 'FAILED  %s\n' "${failures[@]}"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ] && [ "$skipped" = 0 ]
    exit
}

give_up() {
    echo "run-tests: $*" >&2
    failed=$((failed + 1))
    finish
}

# -- what is needed ---------------------------------------------------------

missing_packages() {
    local package
    sed -nE 's/^([a-z0-9.+-]+) \[platform:dpkg.*/\1/p' bindep.txt |
        while read -r package; do
            dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
                grep -q ' installed$' || echo "$package"
        done
}

install_packages() {
    command -v dpkg-query >/dev/null || return 0 # not Debian: see bindep.txt
    local -a missing sudo=()
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} = 0 ] && return
    local install="apt-get install -y --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || give_up "packages are missing; as root:" \
            "apt-get update && $install"
        sudo=(sudo)
    fi
    echo "== installing ${missing[*]}"
    # shellcheck disable=SC2086
    "${sudo[@]}" apt-get -q update &&
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive $install ||
        give_up "could not install ${missing[*]}"
}

make_venv() {
    local python files stamp
    python=$(command -v python3.11 || command -v python3) ||
        give_up 'there is no python3'
    files=(requirements.txt test-requirements.txt doc/requirements.txt
        upper-constraints.txt pyproject.toml setup.cfg)
    stamp=$(cat "${files[@]}" <("$python" -VV) | sha256sum)
    [ "$(cat "$VENV/stamp" 2>/dev/null)" = "$stamp" ] && return
    echo '== making .venv'
    # A venv that was half made has no pip.
    [ -x "$VENV/bin/pip" ] || "$python" -m venv --clear "$VENV" ||
        give_up 'could not make .venv'
    # Build tools first and pinned: nothing is built in isolation.
    "$VENV/bin/pip" install -q -c upper-constraints.txt \
        pip setuptools wheel pbr &&
        "$VENV/bin/pip" install -q -c upper-constraints.txt \
            --no-build-isolation -r requirements.txt \
            -r test-requirements.txt -r doc/requirements.txt &&
        "$VENV/bin/pip" install -q --no-deps --no-build-isolation -e . ||
        give_up 'could not install into .venv'
    echo "$stamp" >"$VENV/stamp"
}

# -- the parts --------------------------------------------------------------

# Run all the commands that come as arguments, fail if one of them did.
all() {
    local command bad=0
    for command in "$@"; do
        echo "-- $command"
        bash -c "$command" || bad=1
    done
    return "$bad"
}

shell_scripts() {
    git ls-files 2>/dev/null | grep -E '\.sh$|^\.ci/run$|^devstack/plugin' ||
        ls tools/*.sh .ci/run
}

style() {
    local scripts
    scripts=$(shell_scripts | tr '\n' ' ')
    all 'ruff check .' 'ruff format --check .' flake8 \
        'doc8 -q README.rst CONTRIBUTING.rst doc/source api-ref/source' \
        "for f in $scripts; do bash -n \$f || exit 1; done" \
        "shellcheck $scripts"
}

types() { mypy; }

# The theme and reno ask git about the sources. Outside of a repository (or in
# that of another user, which git refuses) they see a copy in one of its own.
sources() {
    git rev-parse HEAD >/dev/null 2>&1 && pwd && return
    local copy=$WORK/sources
    if ! [ -d "$copy" ]; then
        mkdir "$copy"
        tar -c --exclude=./.venv --exclude=./.git . | tar -x -C "$copy"
        git -C "$copy" init -q
        git -C "$copy" add .
        git -C "$copy" -c user.name=tests -c user.email=tests@localhost \
            commit -q -m 'Sources'
    fi
    echo "$copy"
}

build() {
    local output=$PWD/$1/build/html directory
    directory=$(sources) &&
        (cd "$directory" && sphinx-build -q -W --keep-going -b html \
            "$1/source" "$output")
}

docs() { build doc; }

api-ref() { build api-ref; }

releasenotes() { build releasenotes; }

samples() {
    local directory=$WORK/samples
    mkdir "$directory"
    all "oslo-config-generator --config-file etc/oslo-config-generator/talea.conf --output-file $directory/talea.conf" \
        "oslopolicy-sample-generator --config-file etc/oslo-policy-generator/talea.conf --output-file $directory/policy.yaml" \
        "oslo-config-validator --config-file etc/oslo-config-generator/talea.conf --input-file $directory/talea.conf" \
        "test -s $directory/talea.conf -a -s $directory/policy.yaml"
}

unit() { TEST_PATH=./talea/tests/unit stestr run; }

functional() {
    TEST_PATH=./talea/tests/functional \
        python -m talea.tests.servers -- stestr run
}

# Count the tests of a part: "stestr run" ends with their totals.
count_tests() {
    local log=$1 status=$2 good bad skips
    good=$(sed -n 's/^ - Passed: //p' "$log" | tail -1)
    bad=$(sed -n 's/^ - Failed: //p' "$log" | tail -1)
    skips=$(sed -n 's/^ - Skipped: //p' "$log" | tail -1)
    passed=$((passed + ${good:-0}))
    skipped=$((skipped + ${skips:-0}))
    # It can fail with no test failed: one cannot be imported, or there is
    # none at all.
    if [ "${bad:-0}" = 0 ] && { [ "$status" != 0 ] || [ -z "$good" ]; }; then
        bad=1
    fi
    failed=$((failed + ${bad:-0}))
    # The end of a long log is what people see.
    [ "${bad:-0}" = 0 ] ||
        mapfile -t -O ${#failures[@]} failures < <(
            sed -nE 's/^\{[0-9]+\} (.*) \[.*\] \.\.\. (FAILED|inprogress)$/\1/p' "$log"
        )
}

interrupt() {
    if [ -n "$group" ]; then
        kill -TERM -- "-$group"
        # Its leader ends at once, the servers of the tests some seconds later.
        while kill -0 -- "-$group" 2>/dev/null; do sleep 0.2; done
    fi
    exit 143
}

run_part() {
    local part=$1 status log began=$SECONDS
    log=$WORK/$part.log
    echo "== $part"
    # In a process group of its own, which interrupt() ends as a whole.
    set -m
    { "$part" 2>&1 | tee "$log"; } </dev/null &
    group=$!
    set +m
    wait "$group"
    status=$?
    group=
    case $part in
        unit | functional) count_tests "$log" $status ;;
        *) [ $status = 0 ] && passed=$((passed + 1)) ||
            failed=$((failed + 1)) ;;
    esac
    [ $status = 0 ] && status=ok || status=FAILED
    summary+=("$(printf '%-14s %6d s  %s' "$part" $((SECONDS - began)) $status)")
}

main() {
    local part
    local -a summary=()
    trap interrupt INT TERM HUP
    for part in "$@"; do
        [[ " ${PARTS[*]} " = *" $part "* ]] ||
            give_up "there is no part $part, only: ${PARTS[*]}"
    done
    [ $# = 0 ] && set -- "${PARTS[@]}"
    # pbr asks git for the version, or this.
    git rev-parse --git-dir >/dev/null 2>&1 ||
        export PBR_VERSION=${PBR_VERSION:-0.1.0}
    install_packages
    make_venv
    PATH=$VENV/bin:$PATH
    summary+=("$(printf '%-14s %6d s' installation $SECONDS)")
    for part in "$@"; do
        run_part "$part"
    done
    printf '\n'
    printf '%s\n' "${summary[@]}"
    printf '%-14s %6d s\n' total $SECONDS
    finish
}

main "$@"
