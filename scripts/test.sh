#!/bin/sh
# npm test: set up, then every test under the project's own Node. Arguments name test files; without any, all of them run.
set -eu
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
  sh scripts/setup.sh
  set -- 'test/**/*.test.ts'
else
  # Tests run the sources; the few that need dist/ ask for it themselves.
  sh scripts/setup.sh packages
fi
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
exec node --test --test-concurrency=2 "$@"
