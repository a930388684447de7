import { useRef, useState } from 'preact/hooks';

import type { RecordingObject } from '../api/resources.js';
import { Icon } from '../parts/icon.js';
import { tell } from '../state/notice.js';
import { timer } from '../text/format.js';
import { Waveform } from './waveform.js';

const SPEEDS = [1, 1.5, 2] as const;

/**
 * Plays a recording, whose waveform is where it is sought. `url`: of its audio, at this page's origin; a newer one, which each
 * answer of the controller has, is not taken: the audio would begin anew.
 */
export function Player({ recording, url: first }: { recording: RecordingObject; url: string }) {
  const url = useRef(first).current;
  const audio = useRef<HTMLAudioElement>(null);
  const [at, setAt] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(1);
  // The audio itself knows best, once its head is there.
  const [length, setLength] = useState(() => secondsOf(recording));
  const toggle = (): void => {
    const element = audio.current;
    if (element === null) return;
    if (element.paused) void element.play().catch(() => tell(UNPLAYABLE, 'bad'));
    else element.pause();
  };
  const seek = (seconds: number): void => {
    if (audio.current !== null) audio.current.currentTime = seconds;
    setAt(seconds);
  };
  const changeSpeed = (): void => {
    const next = SPEEDS[(SPEEDS.findIndex((each) => each === speed) + 1) % SPEEDS.length] ?? 1;
    if (audio.current !== null) audio.current.playbackRate = next;
    setSpeed(next);
  };
  return (
    <div class="player">
      <audio
        ref={audio}
        src={url}
        preload="metadata"
        onLoadedMetadata={(event) => {
          const { duration } = event.currentTarget;
          if (Number.isFinite(duration)) setLength(duration);
        }}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
      />
      <div class="player-wave">
        <Waveform url={url} size={recording.bytes} share={length === 0 ? 0 : Math.min(1, at / length)} />
        <input
          type="range"
          class="seek"
          aria-label="Position"
          aria-valuetext={`${timer(at * 1_000)} of ${timer(length * 1_000)}`}
          min={0}
          max={Math.max(1, length)}
          step={1}
          value={at}
          onInput={(event) => seek(Number(event.currentTarget.value))}
        />
      </div>
      <div class="player-controls">
        <button type="button" class="button primary" onClick={toggle}>
          <Icon name={isPlaying ? 'pause' : 'play'} /> {isPlaying ? 'Pause' : 'Play'}
        </button>
        <span class="ticking">
          {timer(at * 1_000)} / {timer(length * 1_000)}
        </span>
        <button type="button" class="button quiet" aria-label={`Speed ${speed}`} onClick={changeSpeed}>
          {speed}×
        </button>
        <a
          class="button quiet"
          href={url}
          download={`${recording.recording_id}.${recording.recording_format}`}
        >
          Download
        </a>
        <ul class="legend">
          <li>
            <span class="swatch swatch-channel-0" /> caller
          </li>
          <li>
            <span class="swatch swatch-channel-1" /> called party
          </li>
        </ul>
      </div>
    </div>
  );
}

function secondsOf({ recording_duration_ms: ms }: RecordingObject): number {
  const seconds = Number(ms) / 1_000;
  return Number.isFinite(seconds) ? seconds : 0;
}

const UNPLAYABLE =
  'The audio does not play: reload the page for a new link, or look whether the file is still there.';
