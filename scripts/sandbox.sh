#!/bin/sh
# npm run sandbox: Maskline without telephony, to try it and to test against. `npm run sandbox -- --help` tells.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh

need_node
need_packages redis-server=redis-server
need_modules
# The console, unless it is built already from what there is.
if [ ! -e dist/console/manifest.json ] ||
  [ -n "$(find console scripts/build-console.mjs package-lock.json -newer dist/console/manifest.json | head -n 1)" ]; then
  node scripts/build-console.mjs
fi
exec node --import tsx sandbox/sandbox.ts "$@"
