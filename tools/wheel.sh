#!/bin/sh
# Build the wheel, install it alone, and let it do the main job outside this folder.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$BIN/uv" build --quiet --wheel --out-dir "$work" .
"$PYTHON" -m venv "$work/venv"
"$BIN/uv" pip install --quiet --python "$work/venv/bin/python" "$work"/*.whl
export XDG_STATE_HOME="$work/state"
cd "$work"
venv/bin/retention init shop --demo --customers 200 --as-of 2026-05-02T09:00 2>/dev/null
cd shop
../venv/bin/retention validate
../venv/bin/retention run --as-of 2026-05-01T09:00 >/dev/null
../venv/bin/retention run --as-of 2026-05-02T09:00
