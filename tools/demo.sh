#!/bin/sh
# The main job, from an empty folder: make the shop, validate, look, plan, run, run again, and read one message.
set -eu
retention="$PWD/$BIN/retention"

step() { printf '\n\033[1m$ retention %s\033[0m\n' "$*"; "$retention" "$@"; }

rm -rf "$DEMO"
step init "$DEMO" --demo --as-of "$TODAY"
cd "$DEMO"
step validate
step data import --as-of "$YESTERDAY"
step segment size --as-of "$YESTERDAY"
printf '\n# Yesterday: the first run. Who lapsed long ago is the baseline and not written to; fresh carts and newcomers are.\n'
step run --as-of "$YESTERDAY"
printf '\n# Today: what would happen, then the same for real (into outbox/).\n'
step plan --as-of "$TODAY"
step run --as-of "$TODAY"
printf '\n# Once more: nothing is sent twice.\n'
step run --as-of "$TODAY"
printf '\n# One of the messages.\n'
step message show "$(ls outbox/*.eml | head -n 1)"
printf '\n# The shop lives in May 2026, the clock on the wall does not: letters that are good for a day or until a deadline (birthday,\n# anniversary, the cart) have expired when they would leave. In a real shop, where a run decides as of now, they are sent.\n'
step status
