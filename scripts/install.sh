# Sourced by start.sh and test.sh: brings what a fresh Debian machine with Node lacks.

say() { printf '%s\n' "maskline: $*"; }
die() { printf '%s\n' "maskline: $*" >&2; exit 1; }

need_node() {
  command -v node >/dev/null 2>&1 || die 'Node.js 20.19 or newer is needed, with npm: https://nodejs.org'
  node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)' ||
    die "Node.js 20.19 or newer is needed; this is $(node --version)"
}

# need_packages COMMAND=DEBIAN_PACKAGE...: installs the packages whose commands are missing.
need_packages() {
  missing=
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null 2>&1 || die "please install:$missing"
  if [ "$(id -u)" = 0 ]; then as_root=; elif command -v sudo >/dev/null 2>&1; then as_root='sudo'; else
    die "please install as root: apt-get install$missing"
  fi
  say "installing$missing"
  # shellcheck disable=SC2086
  $as_root apt-get update -qq
  # A service that the package would start is none of ours: tests run private servers.
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# The dependencies of the lock file, unless they are there already.
need_modules() {
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    say 'installing dependencies'
    npm ci --no-audit --no-fund --loglevel=error
  fi
}
