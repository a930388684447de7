#!/bin/sh
# npm start: from a clone to something that runs, whatever this machine has. `npm start -- --help` tells.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh

usage() {
  cat <<'TEXT'
Usage: npm start [-- --docker | --demo | --help]

With a Docker engine: builds and starts FreeSWITCH, Redis and the controller, with two softphone
accounts and two virtual numbers, and prints how to place a call. The first run writes .env with
random passwords; a later run changes nothing in it and keeps all data.
Without one: runs the demonstration, a simulated FreeSWITCH with a call in it.

  --docker   fail instead of falling back to the demonstration
  --demo     the demonstration, also where there is Docker
  --help     print this and exit

Stop: npm run stop. Remove, with all data: docker compose down --volumes.
TEXT
}

# setting NAME DEFAULT: as docker compose sees it, the environment first and then .env.
setting() {
  eval "found=\${$1:-}"
  [ -n "$found" ] || found=$(sed -n "s/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}$1[[:space:]]*=[[:space:]]*//p" .env | tail -n 1 | sed "s/^\(['\"]\)\(.*\)\1\$/\2/")
  printf '%s' "${found:-$2}"
}

# Empty when Docker can be used; else why it cannot, with the cure.
docker_problem() {
  if ! command -v docker >/dev/null 2>&1; then
    echo 'there is no Docker here (https://docs.docker.com/engine/install)'
  elif ! docker info >/dev/null 2>&1; then
    # shellcheck disable=SC2016
    echo 'the Docker engine does not answer: start it (sudo systemctl start docker), and be root or in its group (sudo usermod -aG docker "$USER", then log in again)'
  elif ! docker compose version >/dev/null 2>&1; then
    echo 'Docker has no compose plugin: install docker-compose-plugin (from the repository of https://docs.docker.com/engine/install; Debian 12 itself has none) or docker-compose-v2 (Ubuntu)'
  fi
}

# Milliseconds since the epoch.
now_ms() { date +%s%3N; }

demo() {
  begun=$(now_ms)
  need_packages redis-server=redis-server
  packages=$(now_ms)
  need_modules
  modules=$(now_ms)
  exec npm run --silent demo -- --since "packages=$((packages - begun)),modules=$((modules - packages))"
}

write_env() {
  volume=${COMPOSE_PROJECT_NAME:-maskline}_redis
  if [ ! -e .env ] || ! grep -q '^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}DATA_KEYS[[:space:]]*=[[:space:]]*[^[:space:]]' .env; then
    if [ -z "${DATA_KEYS:-}" ] && docker volume inspect "$volume" >/dev/null 2>&1; then
      die "the volume $volume holds data, but its key (DATA_KEYS in .env) is gone: bring .env back, or remove the data with: docker compose --env-file scripts/compose-check.env down --volumes"
    fi
  fi
  added=$(node scripts/write-env.mjs) || die '.env could not be written: see the line above'
  [ -z "$added" ] || say "written into .env: $added"
}

# running SERVICE: true while its container runs.
running() { [ -n "$(docker compose ps --quiet --status running "$1" 2>/dev/null)" ]; }

check_ports() {
  ip=$(setting HOST_IP 127.0.0.1)
  ports=
  running redis || ports="REDIS_PORT=tcp:127.0.0.1:$(setting REDIS_PORT 6379)"
  running controller || ports="$ports HTTP_PORT=tcp:$(setting HTTP_HOST 127.0.0.1):$(setting HTTP_PORT 8080)
    QUESTION_PORT=tcp:127.0.0.1:$(setting QUESTION_PORT 8084)
    CDR_PORT=tcp:127.0.0.1:$(setting CDR_PORT 8085)"
  if ! running freeswitch; then
    ports="$ports EVENT_SOCKET_PORT=tcp:127.0.0.1:$(setting EVENT_SOCKET_PORT 8021)
      SIP_TRUNK_PORT=udp:$ip:$(setting SIP_TRUNK_PORT 5080)"
    [ -z "$(setting SIP_TRUNK_TLS_PORT '')" ] || ports="$ports SIP_TRUNK_TLS_PORT=tcp:$ip:$(setting SIP_TRUNK_TLS_PORT '')"
    if [ "$(setting SOFTPHONES false)" = true ]; then
      ports="$ports SOFTPHONE_PORT=udp:$ip:$(setting SOFTPHONE_PORT 5060)"
      for name in SOFTPHONE_WS_PORT SOFTPHONE_WSS_PORT; do
        [ -z "$(setting $name '')" ] || ports="$ports $name=tcp:$ip:$(setting $name '')"
      done
    fi
  fi
  # shellcheck disable=SC2086
  node scripts/check-ports.mjs $ports || die 'nothing was started'
}

build() {
  # An image that the user names is used as it is.
  services=
  [ -n "$(setting FREESWITCH_IMAGE '')" ] || services=freeswitch
  [ -n "$(setting CONTROLLER_IMAGE '')" ] || services="$services controller"
  [ -n "$services" ] || return 0
  say 'building the images (the first time this takes some minutes)'
  # shellcheck disable=SC2086
  docker compose build $services ||
    die 'an image could not be built: the lines above say why. Does this machine reach the image registry and npm?'
}

# health SERVICE: healthy, starting, unhealthy, or the state of a container that does not run.
health() {
  container=$(docker compose ps --all --quiet "$1" | head -n 1)
  [ -n "$container" ] || { echo missing; return; }
  docker inspect --format '{{if eq .State.Status "running"}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$container"
}

wait_healthy() {
  waited=0
  shown=
  while :; do
    states=
    healthy=true
    for service in redis freeswitch controller; do
      state=$(health "$service")
      states="$states $service $state,"
      [ "$state" = healthy ] || healthy=false
    done
    [ "$states" = "$shown" ] || say "${states% }" | tr -s ' ' | sed 's/,$//'
    shown=$states
    [ "$healthy" = false ] || return 0
    if [ "$waited" -ge 180 ]; then
      for service in redis freeswitch controller; do
        [ "$(health "$service")" = healthy ] || docker compose logs --tail 20 "$service" >&2
      done
      die 'not healthy after 3 minutes: the lines above are the last ones of what is not. A wrong value is corrected in .env; then: npm start'
    fi
    sleep 2
    waited=$((waited + 2))
  done
}

# first LIST, second LIST: of a list with commas.
first() { printf '%s' "${1%%,*}"; }
second() { case $1 in *,*) rest=${1#*,}; printf '%s' "${rest%%,*}" ;; esac; }

guide() {
  account=$(setting AUTH_ID '')
  token=$(setting AUTH_TOKEN '')
  host=$(setting HTTP_HOST 127.0.0.1)
  case $host in 0.0.0.0 | ::) host=127.0.0.1 ;; esac
  base=http://$host:$(setting HTTP_PORT 8080)
  api=$base/v1/Account/$account
  cat <<TEXT

Maskline runs.
  API        $api/
             user $account, password $token (AUTH_ID and AUTH_TOKEN in .env)
  look       docker compose ps; docker compose logs --follow controller
  stop       npm run stop
TEXT
  phones=$(setting SOFTPHONE_NUMBERS 15550001001,15550001002)
  numbers=$(setting VIRTUAL_NUMBERS '')
  one=$(first "$phones")
  two=$(second "$phones")
  number=$(first "$numbers")
  pin_number=$(second "$numbers")
  if [ "$(setting SOFTPHONES false)" != true ] || [ -z "$two" ] || [ -z "$number" ]; then
    printf '  next       docs/docker.md: trunks, ports, backup\n'
    return
  fi
  server=$(setting HOST_IP 127.0.0.1):$(setting SOFTPHONE_PORT 5060)
  password=$(setting SOFTPHONE_PASSWORD '')
  if [ -n "$(setting SOFTPHONE_WS_PORT '')" ] || [ -n "$(setting BROWSER_PHONES_URL '')" ]; then
    cat <<TEXT

Two phones in your browser, with nothing to install:
  open       $base/phones/
             and give it AUTH_ID $account
                     AUTH_TOKEN $token
             From another computer: ssh -L ${base##*:}:${base#http://} <this host>, then http://localhost:${base##*:}/phones/
TEXT
  fi
  cat <<TEXT

Two softphones (any SIP phone, UDP) play the parts of two phones on the public network:
             first phone       second phone
  server     $(printf '%-18s' "$server")$server
  user       $(printf '%-18s' "$one")$two
  password   $(printf '%-18s' "$password")$password

1. A masked call. Make a session, then dial ${number#+} on either phone: the other one rings and
   shows ${number#+}.

curl -sS -u $account:$token $api/Masking/Session/ \\
  -H 'Content-Type: application/json' \\
  -d '{"first_party":"+$one","second_party":"+$two","virtual_number":"$number"}'
TEXT
  [ -n "$pin_number" ] || return 0
  cat <<TEXT

2. A call with a PIN. This session is between the second phone and somebody else, so the first phone
   is a stranger there: dial ${pin_number#+} on it and key 4711, and the second phone rings. Key
   1111 to be refused.

curl -sS -u $account:$token $api/Masking/Session/ \\
  -H 'Content-Type: application/json' \\
  -d '{"first_party":"+15550001003","second_party":"+$two","virtual_number":"$pin_number",
       "is_pin_authentication_required":true,"first_party_pin":"4711","second_party_pin":"8822",
       "pin_prompt_play":"https://example.com/pin.wav"}'

   That URL has no audio, so the built-in prompt is played.
   What happened is in the session: GET $api/Masking/Session/<session_uuid>/
TEXT
}

mode=
case ${1:-} in
  '') ;;
  --help | -h) usage; exit 0 ;;
  --docker | --demo) mode=$1 ;;
  *) usage >&2; exit 2 ;;
esac
[ $# -le 1 ] || { usage >&2; exit 2; }

need_node
[ "$mode" != --demo ] || demo
problem=$(docker_problem)
if [ -n "$problem" ]; then
  [ "$mode" != --docker ] || die "$problem"
  say "$problem."
  say 'Running the demonstration instead, with a simulated FreeSWITCH.'
  demo
fi

write_env
# FreeSWITCH reads it as a user of its own, and a clone made under a strict umask would keep it out.
chmod a+rx freeswitch/trunks
check_ports
build
say 'starting'
docker compose up --detach --no-build --remove-orphans || die 'the stack did not start: the lines above say why (of rlimit: set OPEN_FILES in .env to what the engine may give, such as 20000)'
wait_healthy
guide
