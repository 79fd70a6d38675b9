#!/bin/sh
# npm test: set up, then every test under the project's own Node. Arguments name test files; without any, all of them run.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
# Tests run the sources; the few that need dist/ build it themselves.
[ $# -gt 0 ] || set -- 'test/**/*.test.ts'
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
exec node --test --test-concurrency=2 "$@"
