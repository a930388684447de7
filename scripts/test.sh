#!/bin/sh
# npm test: everything that this machine can test. Installs Redis, SIPp and dependencies where they lack.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh

# What fails ends it: then it is said what comes behind.
doing='preparing'
behind='unit tests, functional tests, tests of the console, end-to-end tests, test of docker-compose.yml'
trap '[ $? -eq 0 ] || say "FAILED: $doing.${behind:+ NOT RUN, as it comes behind: $behind.}"' EXIT
# part NAME: goes on with the first of what is behind.
part() {
  doing=$1
  case $behind in
    *,*) behind=${behind#*, } ;;
    *) behind= ;;
  esac
}

need_node
need_packages redis-server=redis-server sipp=sip-tester
need_modules

part 'unit tests'
npm run --silent test:unit
part 'functional tests'
npm run --silent test:functional

part 'tests of the console'
chromium=${CHROMIUM_BIN:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -n "$chromium" ]; then
  say "the console in $chromium"
  npm run --silent build:console
  npm run --silent test:console
else
  say 'NOT RUN: the tests of the console, since no Chromium was found (CHROMIUM_BIN, PATH).'
fi

part 'end-to-end tests'
freeswitch=${FREESWITCH_BIN:-$(command -v freeswitch || true)}
if [ -n "$freeswitch" ]; then
  say "end-to-end tests on $freeswitch"
  if [ -n "$chromium" ]; then
    npm run --silent test:e2e
  else
    npm run --silent test:e2e -- --exclude test/e2e/browser-phones.test.ts
    say 'NOT RUN: the test of the phones in the browser, since no Chromium was found (CHROMIUM_BIN, PATH).'
  fi
else
  say 'NOT RUN: the end-to-end tests, since no FreeSWITCH was found (FREESWITCH_BIN, PATH).'
fi

part 'test of docker-compose.yml'
if command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
  say 'the test of docker-compose.yml'
  npm run --silent test:docker
else
  say 'NOT RUN: the test of docker-compose.yml, since no Docker engine with compose v2 answers.'
fi
