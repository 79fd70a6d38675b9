#!/bin/sh
# Builds dist/ when it is out of date: what the package carries, and what `import 'stepwell'` finds. The command line of a clone
# does not need it. npm runs this as `prepare`: after `npm ci`, before `npm pack`, and for an install from git.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh

if command -v flock >/dev/null 2>&1; then
  exec 9< scripts/build.sh
  flock 9
fi

if [ ! -f dist/.built ] || [ -n "$(find src tsconfig.json tsconfig.build.json package-lock.json -newer dist/.built -print 2>/dev/null | head -n 1)" ]; then
  echo "stepwell: building ..." >&2
  # Built elsewhere and then put in its place: whoever uses dist/ meanwhile finds it whole.
  new="node_modules/.stepwell-dist-$$"
  trap 'rm -rf "$new"' EXIT
  mkdir "$new"
  # The stamp carries the time the build began, so a source saved meanwhile counts as newer.
  touch "$new/.built"
  PATH="$PWD/node_modules/.bin:$PATH" node node_modules/typescript/bin/tsc -p tsconfig.build.json --outDir "$new" >&2
  rm -rf dist
  mv "$new" dist
fi
