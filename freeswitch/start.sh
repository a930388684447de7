#!/bin/sh
# Writes one node's configuration into RUN_DIR and becomes FreeSWITCH.
# Needs nothing but a POSIX shell, mkfifo and a sed that knows -u, and to drain fs_cli and timeout: it runs in the FreeSWITCH container too.
# Variables: README.md beside this file. A bad one stops the start with one line that names it.
set -eu
umask 077
# As process 1 this shell ignores a signal that it has no trap for: a container that is stopped this early would start FreeSWITCH.
trap 'exit 0' TERM INT

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

# For whoever looks after the node. That nobody reads it any more must not end a drain.
say() {
  echo "freeswitch/start.sh: $*" >&2 || true
}
trap : PIPE

fail() {
  say "$*"
  exit 1
}

# value NAME DEFAULT: the variable, or its default when unset or empty.
value() {
  eval "found=\${$1:-}"
  [ -n "$found" ] || found=$2
}

# matches TEXT PATTERN: whole single-line match of an extended regular expression.
matches() {
  case $1 in *'
'*) return 1 ;; esac
  printf '%s\n' "$1" | grep -Eqx -e "$2"
}

vars=
# setting NAME TARGET DEFAULT PATTERN HINT: checks a variable and hands it to the configuration.
setting() {
  value "$1" "$3"
  matches "$found" "$4" || fail "$1 must be $5"
  vars="$vars
  <X-PRE-PROCESS cmd=\"set\" data=\"$2=$found\"/>"
}

# secret NAME TARGET: a mandatory secret. Its value is never printed.
secret() {
  value "$1" ''
  [ -n "$found" ] || fail "$1 must be set"
  [ "$found" != ClueCon ] || fail "$1 must not be FreeSWITCH's public default"
  matches "$found" '.{16,128}' || fail "$1 must have 16 to 128 characters"
  matches "$found" '[A-Za-z0-9._~+/=@%^!*-]+' || fail "$1 may hold only letters, digits and . _ ~ + / = @ % ^ ! * -"
  vars="$vars
  <X-PRE-PROCESS cmd=\"set\" data=\"$2=$found\"/>"
}

number='[1-9][0-9]{0,6}'
port='([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])'
address='[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*'
path='/[A-Za-z0-9._/-]*'
host='[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?'

secret FREESWITCH_PASSWORD event_socket_password
# fs_cli.c, cli_profile_t: pass[128]. A longer one would be cut, and refused.
[ "${#found}" -le 127 ] || fail 'FREESWITCH_PASSWORD must have at most 127 characters: fs_cli takes no more'
secret QUESTION_SECRET question_secret

value RUN_DIR /var/run/maskline
run_dir=$found
matches "$run_dir" "$path" || fail "RUN_DIR must be an absolute path of letters, digits and . _ / -"
setting RUN_DIR run_dir /var/run/maskline "$path" 'an absolute path of letters, digits and . _ / -'

setting NODE_NAME node_name "$(uname -n)" "$host" 'a host name'
setting LOG_LEVEL log_level warning 'debug|info|notice|warning|err|crit|alert' 'debug, info, notice, warning, err, crit or alert'
log_level=$found
setting MAX_CALLS max_calls 2000 "$number" 'a number from 1'
max_sessions=$((found * 2))
setting CALLS_PER_SECOND calls_per_second 200 "$number" 'a number from 1'
sessions_per_second=$((found * 2))

setting SIP_TRUNK_IP sip_trunk_ip 0.0.0.0 "$address" 'an IP address'
sip_trunk_ip=$found
setting SIP_TRUNK_PORT sip_trunk_port 5080 "$port" 'a port'
setting SOFTPHONE_IP softphone_ip "$sip_trunk_ip" "$address" 'an IP address'
setting SOFTPHONE_PORT softphone_port 5060 "$port" 'a port'
setting RTP_IP rtp_ip "$sip_trunk_ip" "$address" 'an IP address'
rtp_ip=$found
setting EXT_SIP_IP ext_sip_ip "$sip_trunk_ip" "$address" 'an IP address'
setting EXT_RTP_IP ext_rtp_ip "$rtp_ip" "$address" 'an IP address'
setting RTP_START rtp_start 16384 "$port" 'a port'
rtp_start=$found
setting RTP_END rtp_end 32766 "$port" 'a port'
[ "$found" -gt "$rtp_start" ] || fail 'RTP_END must be above RTP_START'
setting SIP_TRUNK_SRTP sip_trunk_srtp optional 'forbidden|optional|mandatory' 'forbidden, optional or mandatory'
setting SIP_TIMEOUT_MS sip_timeout_ms 8000 '[1-9][0-9]{3,4}' 'milliseconds from 1000 to 99999'
setting CODECS codecs 'PCMU,PCMA' '[A-Za-z0-9]+(,[A-Za-z0-9]+)*' 'codec names with commas between'
setting RINGBACK_TONE ringback_tone '%(2000,4000,440,480)' '%\([0-9.,]+\)' 'a tone such as %(2000,4000,440,480)'

# TLS towards carriers, with a port of its own beside the plain one. FreeSWITCH looks for these two names, and makes up a
# certificate where they are missing.
value SIP_TRUNK_TLS_PORT ''
tls_port=$found
sip_trunk_tls=false
if [ -n "$tls_port" ]; then
  matches "$tls_port" "$port" || fail 'SIP_TRUNK_TLS_PORT must be a port'
  sip_trunk_tls=true
  setting TLS_DIR tls_dir /etc/maskline/tls "$path" 'an absolute path of letters, digits and . _ / -'
  for file in agent.pem cafile.pem; do
    grep -q 'BEGIN CERTIFICATE' "$found/$file" 2>/dev/null || fail "TLS_DIR must hold $file with a certificate in it, readable by FreeSWITCH"
  done
  grep -q 'PRIVATE KEY' "$found/agent.pem" || fail 'TLS_DIR: agent.pem must hold the private key, too'
fi
setting SIP_TRUNK_TLS_PORT sip_trunk_tls_port 5081 "$port" 'a port'
value SIP_TRUNK_TLS_VERIFY name
case $found in
  name) tls_verify='out|subjects_out' ;;
  chain) tls_verify=out ;;
  mutual) tls_verify='all|subjects_out' ;;
  *) fail 'SIP_TRUNK_TLS_VERIFY must be name, chain or mutual' ;;
esac

setting EVENT_SOCKET_IP event_socket_ip 127.0.0.1 "$address" 'an IP address'
event_socket_ip=$found
setting EVENT_SOCKET_PORT event_socket_port 8021 "$port" 'a port'
event_socket_port=$found

setting CDR_DIR cdr_dir "$run_dir/cdr" "$path" 'an absolute path of letters, digits and . _ / -'
cdr_dir=$found
setting RECORDINGS_DIR recordings_dir "$run_dir/recordings" "$path" 'an absolute path of letters, digits and . _ / -'
recordings_dir=$found
setting PROMPTS_DIR prompts_dir "$run_dir/prompts" "$path" 'an absolute path of letters, digits and . _ / -'

value PROMPT_LANGUAGE en
language=$found
matches "$language" '[A-Za-z0-9-]{1,32}' || fail 'PROMPT_LANGUAGE must be the name of a folder: letters, digits and -'
value SOUNDS_DIR "$here/sounds"
own_sounds=$found
matches "$own_sounds" "$path" || fail 'SOUNDS_DIR must be an absolute path of letters, digits and . _ / -'
[ -d "$own_sounds" ] || fail 'SOUNDS_DIR must be a folder'
if [ ! -d "$here/sounds/$language" ] && [ ! -d "$own_sounds/$language" ]; then
  fail "PROMPT_LANGUAGE must name a folder in SOUNDS_DIR or one that is built in"
fi
[ -r "$here/sounds/en/unavailable.wav" ] || fail 'the built-in prompts are missing'
sounds_dir=$run_dir/sounds
vars="$vars
  <X-PRE-PROCESS cmd=\"set\" data=\"sound_prefix=$sounds_dir\"/>"

# Nodes with the same lists would all ask the first controller of them.
value FIRST_HOST 0
matches "$found" '(.*[^0-9])?[0-9]{1,6}' || fail 'FIRST_HOST must be a number of at most six digits, or a name that ends with one'
first_host=${found##*[!0-9]}
# The shell takes 08 for an octal number.
while [ "${first_host#0?}" != "$first_host" ]; do first_host=${first_host#0}; done
# turned LIST: a list with | between its entries, from entry FIRST_HOST on; those before it come last.
turned() {
  list=$1
  turns=$((first_host % ($(printf '%s' "$list" | tr -cd '|' | wc -c) + 1)))
  while [ "$turns" -gt 0 ]; do
    list="${list#*|}|${list%%|*}"
    turns=$((turns - 1))
  done
  printf '%s' "$list"
}

value QUESTION_HOSTS 127.0.0.1:8084
matches "$found" "$host:$port(\\|$host:$port){0,9}" || fail 'QUESTION_HOSTS must be host:port, with | between several'
vars="$vars
  <X-PRE-PROCESS cmd=\"set\" data=\"question_hosts_NORMAL_TEMPORARY_FAILURE=$(turned "$found")\"/>"

# A CDR is posted in the thread of its leg, and its hangup event waits for that. So a controller that hangs
# is given 2 s, and one other is tried; the delay cannot be shorter. The file was written before.
value CDR_HOSTS 127.0.0.1:8085
matches "$found" "$host:$port(\\|$host:$port){0,9}" || fail 'CDR_HOSTS must be host:port, with | between several'
cdr_params=
cdr_retries=-1
for hostport in $(turned "$found" | tr '|' ' '); do
  cdr_params="$cdr_params
  <param name=\"url\" value=\"http://$hostport/cdr\"/>"
  [ "$cdr_retries" -gt 0 ] || cdr_retries=$((cdr_retries + 1))
done

setting MEDIA_TIMEOUT media_timeout_seconds 300 '[1-9][0-9]{1,3}' 'seconds from 10 to 9999'
setting QUESTION_TIMEOUT question_timeout 5 '[2-9]|[1-5][0-9]' 'seconds from 2 to 59'

# nodes NAME DEFAULT: ACL entries of a list of addresses.
nodes() {
  value "$1" "$2"
  for cidr in $(printf '%s' "$found" | tr ',' ' '); do
    case $cidr in
      */*) ;;
      *:*) cidr=$cidr/128 ;;
      *) cidr=$cidr/32 ;;
    esac
    matches "$cidr" '([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)/[0-9]{1,3}' || return 1
    case $cidr in */0) return 1 ;; esac
    printf '  <node type="allow" cidr="%s"/>\n' "$cidr"
  done
}

trunk_nodes=$(nodes TRUNK_ADDRESSES '') || fail 'TRUNK_ADDRESSES must be IP addresses or networks (not /0) with commas between'
controller_nodes=$(nodes EVENT_SOCKET_ALLOW 127.0.0.0/8,::1) ||
  fail 'EVENT_SOCKET_ALLOW must be IP addresses or networks (not /0) with commas between'

value SOFTPHONES false
softphones=$found
case $softphones in
  true | false) ;;
  *) fail 'SOFTPHONES must be true or false' ;;
esac
vars="$vars
  <X-PRE-PROCESS cmd=\"set\" data=\"softphone_domain=softphone\"/>"
if [ "$softphones" = true ]; then
  value SOFTPHONE_PASSWORD ''
  [ -n "$found" ] || fail 'SOFTPHONE_PASSWORD must be set when SOFTPHONES=true'
  matches "$found" '[A-Za-z0-9._~+/=@^!*-]{8,64}' || fail 'SOFTPHONE_PASSWORD must be 8 to 64 letters, digits and . _ ~ + / = @ ^ ! * -'
  softphone_password=$found
  value SOFTPHONE_NUMBERS 15550001001,15550001002
  softphone_numbers=$(printf '%s' "$found" | tr ',' ' ')
  for digits in $softphone_numbers; do
    matches "$digits" '[1-9][0-9]{6,14}' || fail 'SOFTPHONE_NUMBERS must be digits of E.164 numbers with commas between'
  done
fi

# Softphones in browsers speak SIP over WebSocket. Only with it is ICE heard of, from them alone (dialplan/masking.xml).
websockets=
certificate=
if [ "$softphones" = true ]; then
  for scheme in ws wss; do
    name=SOFTPHONE_$(printf '%s' "$scheme" | tr a-z A-Z)_PORT
    value "$name" ''
    [ -n "$found" ] || continue
    matches "$found" "$port" || fail "$name must be a port"
    websockets="$websockets
  <param name=\"$scheme-binding\" value=\"\$\${softphone_ip}:$found\"/>"
    [ "$scheme" = ws ] || certificate=needed
  done
  value SOFTPHONE_CERTIFICATE ''
  if [ -n "$certificate" ]; then
    certificate=$found
    [ -n "$certificate" ] || fail 'SOFTPHONE_CERTIFICATE must be set when SOFTPHONE_WSS_PORT is'
    [ -r "$certificate" ] || fail 'SOFTPHONE_CERTIFICATE must name a file that can be read'
    for part in 'PRIVATE KEY' CERTIFICATE; do
      grep -q "^-----BEGIN .*$part-----" "$certificate" || fail "SOFTPHONE_CERTIFICATE must hold the key, the certificate and its chain, in PEM"
    done
  fi
fi
if [ -n "$websockets" ]; then
  vars="$vars
  <X-PRE-PROCESS cmd=\"set\" data=\"softphone_websocket=true\"/>"
fi

value TRUNKS_DIR "$here/trunks"
trunks_dir=$found
[ -d "$trunks_dir" ] && [ -r "$trunks_dir" ] && [ -x "$trunks_dir" ] || fail 'TRUNKS_DIR must be a folder that can be read'
value DIALPLAN_DIR "$here/../dialplan"
dialplan_dir=$found
[ -r "$dialplan_dir/masking.xml" ] || fail 'DIALPLAN_DIR must hold masking.xml'
grep -q question_hosts_NORMAL_TEMPORARY_FAILURE "$dialplan_dir/masking.xml" && grep -q legs_kept "$dialplan_dir/masking.xml" ||
  fail 'DIALPLAN_DIR holds a masking.xml of another version: use the files that came with this script'
[ -r "$dialplan_dir/legs.xml" ] || fail 'DIALPLAN_DIR must hold legs.xml, too'
grep -q 'data="masking_next=' "$dialplan_dir/legs.xml" ||
  fail 'DIALPLAN_DIR holds a legs.xml of another version: use the files that came with this script'
# A gateway's variables are a leg's own, and would undo what keeps the two parties from each other.
kept=$(sed -n 's/.*cmd="set" data="\([a-z0-9_]*\)=.*/\1/p' "$dialplan_dir/legs.xml" | tr '\n' '|')

value FREESWITCH_BIN ''
binary=$found
if [ -z "$binary" ]; then
  binary=$(command -v freeswitch) || fail 'FREESWITCH_BIN must name the FreeSWITCH binary: none is in PATH'
fi
[ -x "$binary" ] || fail 'FREESWITCH_BIN must name an executable'

value FREESWITCH_MOD_DIR ''
mod_dir=$found
if [ -z "$mod_dir" ]; then
  prefix=$(CDPATH= cd -- "$(dirname -- "$binary")/.." && pwd)
  for candidate in "$prefix/mod" "$prefix/lib/freeswitch/mod" "$prefix"/lib/*/freeswitch/mod /usr/lib/freeswitch/mod /usr/local/freeswitch/mod; do
    if [ -e "$candidate/mod_sofia.so" ]; then
      mod_dir=$candidate
      break
    fi
  done
fi
[ -e "$mod_dir/mod_sofia.so" ] || fail 'FREESWITCH_MOD_DIR must name the folder of mod_sofia.so'

mkdir -p "$run_dir/log" "$run_dir/db" "$run_dir/run" "$run_dir/tmp" 2>/dev/null || fail 'RUN_DIR must be writable'
# Recordings and CDRs are for the controller, which may be another user.
value UMASK 027
matches "$found" '0?[0-7]{3}' || fail 'UMASK must be three octal digits'
file_umask=$found
umask "$file_umask"
mkdir -p "$recordings_dir" 2>/dev/null || fail 'RECORDINGS_DIR must be writable'
umask 077
# CDRs hold real numbers. One who runs the controller as another user makes the folder for their group.
mkdir -p "$cdr_dir" 2>/dev/null && [ -w "$cdr_dir" ] || fail 'CDR_DIR must be writable'
chmod o-rwx "$cdr_dir" 2>/dev/null || true

conf=$run_dir/conf
rm -rf "$conf"
mkdir -p "$conf/acl" "$conf/cdr" "$conf/directory" "$conf/trunks" "$conf/dialplan" "$conf/websocket"
cp -R "$here/conf/." "$conf/"
cp "$dialplan_dir"/*.xml "$conf/dialplan/"

for file in "$trunks_dir"/*.xml; do
  [ -e "$file" ] || continue
  name=$(basename "$file" .xml)
  matches "$name" '[A-Za-z0-9_-]{1,64}' || fail "TRUNKS_DIR holds $name.xml: a trunk's name is letters, digits, _ and -"
  [ "$name" != softphone ] || fail 'TRUNKS_DIR holds softphone.xml: that name is reserved'
  grep -q "<gateway name=\"$name\">" "$file" || fail "TRUNKS_DIR: $name.xml must define the gateway $name"
  ! grep -Eq "<variable[^>]*name=[\"'](${kept%|})[\"']" "$file" ||
    fail "TRUNKS_DIR: $name.xml sets a variable of dialplan/legs.xml, which every leg has to keep: take it out"
  cp "$file" "$conf/trunks/"
done

# At every level FreeSWITCH writes numbers: whom it cannot reach ("Cannot locate registered user", a warning), SDP, failed SQL
# statements, names of channels. It cannot be told not to, so its log goes through sed.
tidy() {
  LC_ALL=C sed -u -E -f "$here/log.sed"
}
[ "$(printf '%s\n' 'a1234567b' | tidy 2>/dev/null)" = 'a<digits>b' ] ||
  fail 'sed must know -u and -E (GNU sed; on Alpine: apk add sed): it keeps numbers out of the log'

case $log_level in
  debug) log_levels=debug,info,notice,warning,err,crit,alert ;;
  info) log_levels=info,notice,warning,err,crit,alert ;;
  notice) log_levels=notice,warning,err,crit,alert ;;
  warning) log_levels=warning,err,crit,alert ;;
  err) log_levels=err,crit,alert ;;
  crit) log_levels=crit,alert ;;
  *) log_levels=alert ;;
esac

cat >"$conf/vars.xml" <<VARS
<include>$vars
  <X-PRE-PROCESS cmd="set" data="sip_trunk_tls=$sip_trunk_tls"/>
  <X-PRE-PROCESS cmd="set" data="tls_verify=$tls_verify"/>
  <X-PRE-PROCESS cmd="set" data="max_sessions=$max_sessions"/>
  <X-PRE-PROCESS cmd="set" data="sessions_per_second=$sessions_per_second"/>
  <X-PRE-PROCESS cmd="set" data="log_levels=$log_levels"/>
</include>
VARS
printf '<include>\n%s\n</include>\n' "$trunk_nodes" >"$conf/acl/trunks.xml"
printf '<include>\n%s\n</include>\n' "$controller_nodes" >"$conf/acl/controllers.xml"
printf '<include>%s\n  <param name="retries" value="%s"/>\n</include>\n' "$cdr_params" "$cdr_retries" >"$conf/cdr/hosts.xml"

if [ "$softphones" = true ]; then
  {
    printf '<include>\n  <domain name="softphone">\n    <groups><group name="softphones"><users>\n'
    for digits in $softphone_numbers; do
      printf '      <user id="%s"><params><param name="password" value="%s"/></params></user>\n' "$digits" "$softphone_password"
    done
    printf '    </users></group></groups>\n  </domain>\n</include>\n'
  } >"$conf/directory/softphones.xml"
  if [ -n "$websockets" ]; then
    # Which of a browser's addresses is taken first: one of this host's own network. None of IPv6.
    printf '<include>%s\n%s\n%s\n</include>\n' "$websockets" \
      '  <param name="apply-candidate-acl" value="localnet.auto"/>' \
      '  <param name="apply-candidate-acl" value="any_v4.auto"/>' >"$conf/websocket/bindings.xml"
  fi
  if [ -n "$certificate" ]; then
    mkdir -p "$conf/tls"
    cp "$certificate" "$conf/tls/wss.pem"
  fi
else
  rm "$conf/sip_profiles/softphone.xml"
fi

value DRAIN false
drain=$found
case $drain in
  true | false) ;;
  *) fail 'DRAIN must be true or false' ;;
esac
value DRAIN_SECONDS 300
drain_seconds=$found
matches "$drain_seconds" '[1-9][0-9]{0,4}' || fail 'DRAIN_SECONDS must be seconds from 1 to 99999'

# The later ones go before the earlier ones; what a language lacks is English.
rm -rf "$sounds_dir"
mkdir "$sounds_dir"
for folder in "$here/sounds/en" "$here/sounds/$language" "$own_sounds" "$own_sounds/$language"; do
  for sound in "$folder"/*.wav; do
    [ ! -r "$sound" ] || ln -sf "$sound" "$sounds_dir/"
  done
done

# For fs_cli, here and by hand (HOME=RUN_DIR/conf/fs_cli): so the password stays out of the process list.
case $event_socket_ip in
  0.0.0.0) cli_host=127.0.0.1 ;;
  ::) cli_host=::1 ;;
  *) cli_host=$event_socket_ip ;;
esac
mkdir "$conf/fs_cli"
printf '[default]\nhost => %s\nport => %s\npassword => %s\n' \
  "$cli_host" "$event_socket_port" "$FREESWITCH_PASSWORD" >"$conf/fs_cli/.fs_cli_conf"

chmod 700 "$conf" "$run_dir/log"
umask "$file_umask"

# -np keeps the priority of an ordinary process even under root; -nonat asks no router for anything.
set -- "$binary" -nf -np -nonat -conf "$conf" -log "$run_dir/log" -db "$run_dir/db" -run "$run_dir/run" \
  -mod "$mod_dir" -temp "$run_dir/tmp" -recordings "$recordings_dir" -sounds "$sounds_dir" -certs "$conf/tls" \
  -scripts "$conf" -grammar "$conf" -htdocs "$conf" -storage "$run_dir/tmp" -cache "$run_dir/tmp"

# FreeSWITCH writes its log into a pipe to sed (conf/autoload_configs/logfile.conf.xml): sed has all of it, and ends, once FreeSWITCH
# has. Signals are not for it, and should it end before, another takes its place. Into the pipe goes, too, what FreeSWITCH says on
# standard output before and after it has a log; not what it says on standard error, which is why it does not start. None of these
# opens the pipe for one end alone first: that would wait for the other.
said=$run_dir/run/said
# One of before wrote its log there, with numbers.
rm -f "$said" "$run_dir"/log/freeswitch.log*
mkfifo -m 600 "$said" || fail 'RUN_DIR must be on a file system with named pipes'
exec 3<>"$said" 4<"$said" 5>"$said" 3>&-
(
  trap '' TERM INT HUP QUIT
  # Whoever read standard error may be gone. Not ignored: sed would inherit that, and never end.
  trap : PIPE
  exec <&4 4<&- 5>&-
  at_once=0
  began=$(date +%s)
  until tidy; do
    [ $(($(date +%s) - began)) -le 2 ] || at_once=0
    at_once=$((at_once + 1))
    say 'sed ended, and lines of the log may be missing: another goes on'
    sleep 1
    # Nobody reads standard output, or its disk is full. FreeSWITCH must not wait for that: it could not even be ended.
    [ "$at_once" -lt 3 ] || dd bs=65536 count=1 of=/dev/null 2>/dev/null || true
    began=$(date +%s)
  done
) &
log=$!
exec 4<&-
[ "$drain" = true ] || exec "$@" >&5 5>&-

# FreeSWITCH ends with its last call, however long that takes: `fsctl shutdown elegant`, given by fs_cli. SIGTERM with
# -elegant-term means the same, but its handler stays until the last call is over in whichever thread took the signal
# (switch.c, handle_SIGTERM), and that may be the one that reads SIP or that lets controllers in. So it is the last resort,
# and never sent twice: this shell stays, and gives SIGILL, FreeSWITCH's own signal for an end in order and at once, after
# DRAIN_SECONDS or with our second SIGTERM.
cli=$(dirname -- "$binary")/fs_cli
[ -x "$cli" ] || cli=$(command -v fs_cli) || cli=
lacks=
[ -n "$cli" ] || lacks='there is no fs_cli in the folder of FREESWITCH_BIN or in PATH'
command -v timeout >/dev/null || lacks='there is no timeout (coreutils) in PATH'
[ -z "$lacks" ] || say "$lacks: DRAIN=true will end FreeSWITCH by SIGTERM, which can keep it from SIP and controllers while it drains"

# told_to_drain: FreeSWITCH was told over its Event Socket, and said yes, within 5 s. Else $why says what was wrong.
told_to_drain() {
  why=$lacks
  [ -z "$lacks" ] || return 1
  code=0
  answer=$(HOME=$conf/fs_cli timeout 5 "$cli" -x 'bgapi fsctl shutdown elegant' 2>/dev/null </dev/null) || code=$?
  case $code:$answer in
    0:+OK*) return 0 ;;
    0:*) why='FreeSWITCH refused to be told' ;;
    # coreutils and busybox
    124:* | 143:*)
      why='the Event Socket did not answer within 5 s'
      asked=$((asked + 5))
      left=$((left - 5))
      ;;
    *) why='fs_cli could not log in to the Event Socket (EVENT_SOCKET_ALLOW must let this host in)' ;;
  esac
  return 1
}
# Seconds for which it is asked again: one that is starting lets nobody in, and forgets a SIGTERM.
ask_for=30

# As FreeSWITCH did, once all that it said has been written: where this shell is process 1, its end is that of sed, too.
end() {
  trap '' TERM INT HUP
  wait "$log" || true
  exit "$code"
}

signals=0
trap 'signals=$((signals + 1))' TERM INT
"$@" -elegant-term >&5 5>&- &
pid=$!
exec 5>&-
trap 'kill -HUP "$pid"' HUP

code=0
while [ "$signals" -eq 0 ]; do
  code=0
  wait "$pid" || code=$?
  # A signal ends the wait early.
  kill -0 "$pid" 2>/dev/null || break
done
kill -0 "$pid" 2>/dev/null || end
say "draining, for at most $drain_seconds s"
told=
asked=0
left=$drain_seconds
while [ "$left" -gt 0 ] && [ "$signals" -eq 1 ] && kill -0 "$pid" 2>/dev/null; do
  if [ -z "$told" ]; then
    if told_to_drain; then
      told=yes
    elif [ -n "$lacks" ] || [ "$asked" -ge "$ask_for" ]; then
      told=signal
      say "$why: SIGTERM instead"
      kill -TERM "$pid" 2>/dev/null || true
    fi
    asked=$((asked + 1))
  fi
  sleep 1
  left=$((left - 1))
done
if kill -0 "$pid" 2>/dev/null; then
  say 'the calls that are left are hung up'
  kill -ILL "$pid" 2>/dev/null || true
fi
code=0
while :; do
  code=0
  wait "$pid" || code=$?
  kill -0 "$pid" 2>/dev/null || end
done
