#!/bin/sh
# Runs an experiment: sets the clone up where needed, then hands every argument to `stepwell run`.
# Works from any directory. An experiment in the current directory is the one that runs; where there is none, the clone's.
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

has_config=${STEPWELL_CONFIG:-}
[ ! -e config/experiment.yaml ] || has_config=yes
for argument; do
  case $argument in --config | --config=*) has_config=yes ;; esac
done
if [ -z "$has_config" ]; then
  STEPWELL_CONFIG="$here/config/experiment.yaml"
  STEPWELL_RUNS_DIR="${STEPWELL_RUNS_DIR:-$here/runs}"
  STEPWELL_FRAMEWORKS_DIR="${STEPWELL_FRAMEWORKS_DIR:-$here/frameworks}"
  export STEPWELL_CONFIG STEPWELL_RUNS_DIR STEPWELL_FRAMEWORKS_DIR
fi
exec node "$here/bin/stepwell.js" run "$@"
