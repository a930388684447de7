#!/bin/sh
# For the container's health check: exit 0 while this FreeSWITCH takes calls, or drains: that is no illness.
# It asks over the Event Socket. The password does not show in a process list: printf is the shell's own.
set -eu
address=${EVENT_SOCKET_IP:-127.0.0.1}
[ "$address" != 0.0.0.0 ] || address=127.0.0.1
{
  printf 'auth %s\n\napi fsctl ready_check\n\nexit\n\n' "$FREESWITCH_PASSWORD"
  # nc may leave at the end of its input, before the answer.
  sleep 1
} | nc "$address" "${EVENT_SOCKET_PORT:-8021}" | grep -q '^true'
