#!/bin/sh
# Installs the peers of the meter's bench, once, into the directory given: Portkey's gateway from npm, LiteLLM's proxy from PyPI.
set -eu
dir=$1
mkdir -p "$dir"
cd "$dir"
[ -d node_modules/@portkey-ai/gateway ] || {
  # With a later @hono/node-server the gateway answers every stream with 500 (Portkey-AI/gateway issue 1389).
  echo '{ "private": true, "overrides": { "@hono/node-server": "1.14.1" } }' > package.json
  npm install --ignore-scripts --no-audit --no-fund --loglevel=error @portkey-ai/gateway@1.15.2 >&2
}
[ -x litellm/bin/litellm ] || {
  python3 -m venv litellm
  litellm/bin/pip install --quiet --disable-pip-version-check 'litellm[proxy]==1.106.2' >&2
}
