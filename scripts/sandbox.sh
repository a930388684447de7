#!/bin/sh
# npm run sandbox: Maskline without telephony, to try it and to test against. `npm run sandbox -- --help` tells.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh

need_node
need_packages redis-server=redis-server
need_modules
exec node --import tsx sandbox/sandbox.ts "$@"
