#!/bin/sh
# Runs an experiment: sets the clone up where needed, then hands every argument to `stepwell run`.
# Works from any directory; configuration and runs are those of the current directory, or of the clone where it has none.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

if [ $# -eq 0 ]; then
  echo "usage: $0 <framework...|all> [rounds] [options]" >&2
  echo "example: $0 baseline 1" >&2
  echo "fix: Type \`$0 --help\` for every option." >&2
  exit 2
fi

sh "$here/scripts/setup.sh"
# The project's own Node comes first; where it has none, the machine's serves, and bin/stepwell.js refuses one too old.
PATH="$here/node_modules/.bin:$PATH"
export PATH
if [ -z "${STEPWELL_CONFIG:-}" ] && [ ! -e config/experiment.yaml ]; then cd -- "$here"; fi
exec node "$here/bin/stepwell.js" run "$@"
