#!/bin/sh
# Installs the locked packages (among them the project's own Node 24) and builds dist/, each only when it is out of date.
# `setup.sh packages` leaves dist/ as it is. Quiet when there is nothing to do; what it says goes to stderr, since callers may
# be printing data.
set -eu
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null 2>&1; then
  echo "stepwell: npm was not found. Install Node.js 20 or newer with npm, then run this again." >&2
  exit 1
fi

# One at a time for each checkout; a second one then finds everything done. The lock ends with this process.
if command -v flock >/dev/null 2>&1; then
  exec 9< scripts/setup.sh
  flock 9
fi

stamp=node_modules/.stepwell-lock-digest
digest=$(cksum < package-lock.json)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$digest" ]; then
  # Somebody may have typed `npm ci` by hand.
  if ! node scripts/installed.mjs; then
    echo "stepwell: installing packages (once) ..." >&2
    # --force off Linux x64: the bundled Node 24 is for Linux x64 only, elsewhere the machine's own Node serves.
    case "$(uname -s)-$(uname -m)" in
      Linux-x86_64) npm ci --loglevel=error >&2 ;;
      *) npm ci --loglevel=error --force >&2 ;;
    esac
  fi
  printf '%s\n' "$digest" > "$stamp"
fi

# `npx stepwell` finds the project's own command here; without the link npx would set it up anew each time.
[ -e node_modules/.bin/stepwell ] || ln -sf ../../bin/stepwell.js node_modules/.bin/stepwell

[ "${1:-}" != packages ] || exit 0
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
