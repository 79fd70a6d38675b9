#!/bin/sh
# npm test: set up, then every test under the project's own Node. Arguments name test files; without any, all of them run.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
if [ $# -eq 0 ]; then set -- 'test/**/*.test.ts'; fi
exec node --test --test-concurrency=2 "$@"
