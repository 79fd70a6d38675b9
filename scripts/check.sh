#!/bin/sh
# npm run check: the one gate before a commit. `npm run check -- static` leaves the tests out.
set -eu
cd "$(dirname "$0")/.."
sh scripts/build.sh
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

echo "== format";    oxfmt --check
echo "== lint";      oxlint
echo "== types";     tsc -p tsconfig.json --incremental --tsBuildInfoFile node_modules/.cache/types.tsbuildinfo
echo "== dead code"; knip
echo "== package";   publint --strict
if [ "${1:-}" != static ]; then
  echo "== tests"
  exec sh scripts/test.sh
fi
