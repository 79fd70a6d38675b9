#!/bin/sh
# Compares a run's tokens with the provider's usage API. Not there yet.
echo "error: Reconciliation with the provider's usage API is not part of this version of stepwell." >&2
echo "fix: Until it is, \`npx stepwell show <run>\` gives the tokens that the metering proxy measured." >&2
exit 2
