import { useEffect, useMemo, useState } from 'preact/hooks';

import { useWidth } from '../parts/measured.js';
import { channelsOf, MOST_BYTES } from './decoded.js';
import { outlineOf, peaksOf } from './peaks.js';

const HEIGHT = 72;
/** Width of a bucket; pixels. */
const STEP = 3;

type State =
  | { readonly kind: 'loading' | 'too-large' | 'failed' }
  | { readonly kind: 'drawn'; channels: Float32Array[] };

/** How loud a recording is over its time: the caller above, the called party below. `share`: how much was played, 0 to 1. */
export function Waveform(props: { url: string; size: number; share: number }) {
  const { url, size, share } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const [state, setState] = useState<State>({ kind: 'loading' });
  useEffect(() => {
    if (size > MOST_BYTES) {
      setState({ kind: 'too-large' });
      return undefined;
    }
    const left = new AbortController();
    setState({ kind: 'loading' });
    channelsOf(url, left.signal).then(
      (channels) => setState({ kind: 'drawn', channels }),
      () => {
        if (!left.signal.aborted) setState({ kind: 'failed' });
      },
    );
    return () => left.abort();
  }, [url, size]);
  return (
    <div ref={ref} class="waveform">
      {state.kind === 'drawn' ? (
        <Drawn channels={state.channels} width={width} share={share} />
      ) : (
        <p class="hint">{WORDS[state.kind]}</p>
      )}
    </div>
  );
}

const WORDS = {
  loading: 'Drawing the waveform…',
  'too-large': 'Too long to be drawn; it plays all the same.',
  failed:
    'The audio could not be read: reload the page for a new link, or look whether the file is still there.',
} as const;

function Drawn({ channels, width, share }: { channels: Float32Array[]; width: number; share: number }) {
  const played = Math.round(share * width);
  const lane = HEIGHT / Math.max(1, channels.length);
  const outlines = useMemo(
    () =>
      channels.map((samples, index) =>
        outlineOf(peaksOf(samples, Math.floor(width / STEP)), STEP, lane * (index + 0.5), lane / 2 - 2),
      ),
    [channels, width, lane],
  );
  return (
    <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
      {outlines.map((outline, index) => (
        <path key={index} class={`wave channel-${index}`} d={outline} />
      ))}
      <rect class="played" x={0} y={0} width={played} height={HEIGHT} />
      <line class="playhead" x1={played} x2={played} y1={0} y2={HEIGHT} />
    </svg>
  );
}
