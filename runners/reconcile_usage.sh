#!/bin/sh
# Compares runs with the provider's own figures: sets the clone up where needed, then hands every argument to `stepwell reconcile`.
# Works from any directory. Where the current one has an experiment or runs, those are meant; else the clone's runs.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

sh "$here/scripts/setup.sh"
# The project's own Node comes first; where it has none, the machine's serves, and bin/stepwell.js refuses one too old.
PATH="$here/node_modules/.bin:$PATH"
export PATH

has_runs=${STEPWELL_RUNS_DIR:-}
[ ! -e config/experiment.yaml ] && [ ! -d runs ] || has_runs=yes
for argument; do
  case $argument in --runs-dir | --runs-dir=*) has_runs=yes ;; esac
done
if [ -z "$has_runs" ]; then
  STEPWELL_RUNS_DIR="$here/runs"
  export STEPWELL_RUNS_DIR
fi
exec node "$here/bin/stepwell.js" reconcile "$@"
