#!/bin/sh
# Starts the service on 127.0.0.1:$PORT. It needs Node.js 18 or newer and nothing else.
cd "$(dirname "$0")" || exit 1
exec node src/server.mjs
