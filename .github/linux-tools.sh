#!/usr/bin/env bash
# Puts on GitHub's Ubuntu what some tests need and it lacks. $1: a Python older than 3.10, which the
# launcher's tests look for where pyenv keeps them.
set -euo pipefail
old_python=$1

sudo apt-get update -q
sudo apt-get install -y -q --no-install-recommends strace
# Ubuntu 24.04 forbids user namespaces, in which the tests mount a file system that gets full.
sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0

version=$("$old_python" -c 'import platform; print(platform.python_version())')
mkdir -p ~/.pyenv/versions
ln -s "$(dirname "$(dirname "$old_python")")" ~/.pyenv/versions/"$version"
