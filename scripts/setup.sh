#!/bin/sh
# Installs the locked packages, among them the project's own Node 24, when they are out of date. Quiet when there is nothing to
# do; what it says goes to stderr, since callers may be printing data.
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
    # No scripts: none of the packages has one to run, and the project's own `prepare` would start this file again. The other
    # options undo those of an `npm pack --dry-run --json` or `npm install --global` that started this.
    set -- ci --ignore-scripts --include=dev --no-dry-run --no-global --no-json --loglevel=error
    # --force off Linux x64: the bundled Node 24 is for Linux x64 only, elsewhere the machine's own Node serves.
    case "$(uname -s)-$(uname -m)" in
      Linux-x86_64) ;;
      *) set -- "$@" --force ;;
    esac
    npm "$@" >&2
  fi
  printf '%s\n' "$digest" > "$stamp"
fi

# `npx stepwell` finds the project's own command here.
[ -e node_modules/.bin/stepwell ] || ln -sf ../../bin/stepwell.js node_modules/.bin/stepwell
