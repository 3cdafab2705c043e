#!/usr/bin/env bash
# Completes .venv: the system libraries FFCV is built with, the pinned packages, this checkout as an editable install.
# Where all is in place it does nothing, and asks neither for rights nor for the network.
# With --tests also what some tests use: the browser that opens reports, and Slurm.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly uv_requirement=uv==0.13.8
readonly stamp=.venv/huetune-setup
export UV_PYTHON_DOWNLOADS=never # the machine's own Python, or none

say() { echo "setup: $*" >&2; }
fail() {
    say "$@"
    exit 1
}

# What the environment depends on; the place, because scripts and the editable install name it.
inputs() { { .venv/bin/python -VV && pwd && cat requirements.txt pyproject.toml cluster/setup.sh; } 2>&1 | sha256sum; }

# The path of a Python of 3.11 or newer: the one .venv is made from, if there is one.
find_python() {
    local name
    for name in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11; do
        "$name" -c 'import sys; sys.version_info < (3, 11) and sys.exit(1); print(sys._base_executable)' 2>/dev/null && return
    done
    return 1
}

# Debian's names of what is not there, one a line.
missing_packages() {
    local python=$1 version include
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    command -v g++ >/dev/null || echo g++
    command -v pkg-config >/dev/null || echo pkg-config
    pkg-config --exists opencv4 2>/dev/null || echo libopencv-dev
    pkg-config --exists libturbojpeg 2>/dev/null || echo libturbojpeg0-dev
    [[ -e $include/Python.h ]] || echo "$version-dev"
    command -v uv >/dev/null || "$python" -c 'import ensurepip' 2>/dev/null || echo "$version-venv"
}

install_packages() {
    local -a as_root=()
    ((EUID == 0)) || as_root=(sudo -n)
    command -v apt-get >/dev/null ||
        fail "FFCV cannot be built: install what Debian calls $* with this system's package manager, then try again"
    "${as_root[@]}" true 2>/dev/null ||
        fail "ask the administrator for: apt-get install $* (you have no rights to), then try again"
    say "installing $*"
    "${as_root[@]}" apt-get update -qq || say "some package lists are out of date"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$@" >/dev/null
}

# Make or mend .venv and print the path of uv.
make_environment() {
    local python=$1
    .venv/bin/python -c '' 2>/dev/null || rm -rf .venv
    if command -v uv; then
        uv venv --quiet --allow-existing --python "$python" .venv
    else
        "$python" -m venv .venv
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "$uv_requirement"
        echo .venv/bin/uv
    fi
}

# Nobody needs these to use huetune: tests go on without them.
install_for_tests() {
    local -a packages=()
    command -v chromium >/dev/null || packages+=(chromium)
    # Its daemons are tested as root only.
    ((EUID != 0)) || command -v slurmctld >/dev/null || packages+=(slurm-wlm munge)
    ((${#packages[@]} == 0)) || (install_packages "${packages[@]}") || say "no ${packages[*]}: their tests are left out"
}

main() {
    local python uv
    local -a packages quiet=()
    [[ ${1:-} != --tests ]] || install_for_tests
    [[ -e $stamp && $(<"$stamp") == "$(inputs)" ]] && return
    python=$(find_python) || fail "huetune needs Python 3.11 or newer: none of python3, python3.11 ... python3.14 is"
    mapfile -t packages < <(missing_packages "$python")
    ((${#packages[@]} == 0)) || install_packages "${packages[@]}"
    [[ -t 2 ]] || quiet=(--quiet)
    say "installing the pinned packages into .venv (about 6 GB, minutes)"
    uv=$(make_environment "$python")
    "$uv" pip install "${quiet[@]}" --python .venv/bin/python --require-hashes -r requirements.txt
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
    inputs >"$stamp"
}

main "$@"
