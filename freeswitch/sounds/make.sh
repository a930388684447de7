#!/bin/sh
# Makes the prompts of a language from its prompts.txt (name|text, one a line): speech by flite, then silence
# trimmed, all to one loudness, 8 kHz mono 16 bit. Usage: freeswitch/sounds/make.sh [en]. Needs flite and sox.
set -eu
folder=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)/${1:-en}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
while IFS='|' read -r name text; do
  flite -voice "${VOICE:-rms}" -t "$text" -o "$work/speech.wav"
  sox "$work/speech.wav" "$work/trimmed.wav" highpass 80 silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse
  level=$(sox "$work/trimmed.wav" -n stats 2>&1 | awk '/RMS lev dB/ { print $4 }')
  gain=$(awk -v level="$level" 'BEGIN { print -19 - level }')
  sox "$work/trimmed.wav" -r 8000 -c 1 -b 16 "$folder/$name.wav" \
    gain "$gain" compand 0.002,0.05 -60,-60,-6,-6,0,-3 pad 0.1 0.2
done <"$folder/prompts.txt"
