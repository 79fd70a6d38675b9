#!/bin/sh
# npm run bench -- NAME: one benchmark of bench/, under the project's own Node. Figures are ratios against named peers.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
name=${1:-}
if [ -z "$name" ] || [ ! -f "bench/$name.ts" ]; then
  echo "usage: npm run bench -- NAME, where NAME is one of:" >&2
  for file in bench/*.ts; do basename "$file" .ts; done >&2
  exit 2
fi
shift
exec node --expose-gc "bench/$name.ts" "$@"
