import { useState } from 'preact/hooks';

import type { CallTrace } from '../api/trace.js';
import { Choice } from '../parts/choice.js';
import { useWidth } from '../parts/measured.js';
import { useNow } from '../state/clock-tick.js';
import { span } from '../text/format.js';
import { scaleOf, tickLabel, ticksOf } from './axis.js';
import { postDialDelay, timelineOf, type Lane, type Mark, type Span, type Timeline } from './model.js';

const LANES: readonly (readonly [lane: Lane, name: string])[] = [
  ['a', 'A'],
  ['system', 'Maskline'],
  ['b', 'B'],
];
/** Pixels. */
const LANE_HEIGHT = 52;
const BAR_HEIGHT = 22;
const BAR_TOP = 10;
const TOP = 6;
const AXIS_HEIGHT = 26;
const BETWEEN_TICKS = 64;
const LETTER = 6.4;

type View = 'setup' | 'whole';

/** A call drawn to scale: three lanes over one axis of time. What it shows is told by the list of steps, too. */
export function CallTimeline({ trace }: { trace: CallTrace }) {
  const now = useNow(trace.ended_at === null);
  const { ref, width } = useWidth<HTMLDivElement>();
  const [chosen, choose] = useState<View | null>(null);
  const timeline = timelineOf(trace, now);
  // Where the talk is long, what came before it would be a sliver.
  const isShort = timeline.setup < timeline.length * 0.4;
  const view = chosen ?? (isShort ? 'setup' : 'whole');
  const shown =
    view === 'setup' && isShort ? Math.min(timeline.length, timeline.setup * 1.25) : timeline.length;
  return (
    <div class="timeline">
      {isShort ? (
        <Choice
          legend="Part of the call that is drawn"
          options={[
            ['setup', `Set-up, ${span(timeline.setup)}`],
            ['whole', `Whole call, ${span(timeline.length)}`],
          ]}
          value={view}
          onChange={choose}
        />
      ) : null}
      <div ref={ref}>
        <Drawing {...{ trace, timeline, shown, width }} />
      </div>
      <Legend />
    </div>
  );
}

function Drawing(props: { trace: CallTrace; timeline: Timeline; shown: number; width: number }) {
  const { trace, timeline, shown, width } = props;
  const left = width < 480 ? 24 : 76;
  const right = width - 14;
  const x = scaleOf(shown, left, right);
  const bottom = TOP + LANES.length * LANE_HEIGHT;
  const delay = postDialDelay(trace);
  const top = (lane: Lane): number => TOP + LANES.findIndex(([each]) => each === lane) * LANE_HEIGHT;
  return (
    <svg
      class="timeline-drawing"
      width={width}
      height={bottom + AXIS_HEIGHT}
      viewBox={`0 0 ${width} ${bottom + AXIS_HEIGHT}`}
      role="img"
      aria-label={`Timeline of the call over ${span(shown)}. The steps below tell the same.`}
    >
      {ticksOf(shown, Math.max(2, Math.floor((right - left) / BETWEEN_TICKS))).map((at) => (
        <g key={at}>
          <line class="grid" x1={x(at)} x2={x(at)} y1={TOP} y2={bottom} />
          <text class="tick" x={x(at)} y={bottom + 17} text-anchor={at === 0 ? 'start' : 'middle'}>
            {tickLabel(at)}
          </text>
        </g>
      ))}
      {LANES.map(([lane, name]) => (
        <g key={lane}>
          <line class="lane" x1={left} x2={right} y1={top(lane) + LANE_HEIGHT} y2={top(lane) + LANE_HEIGHT} />
          <text class="lane-name" x={0} y={top(lane) + BAR_TOP + 15}>
            {width < 480 ? name.charAt(0) : name}
          </text>
        </g>
      ))}
      {timeline.spans
        .filter(({ from }) => from < shown)
        .map((each) => (
          <Bar key={`${each.lane}${each.from}`} span={each} x={x} top={top(each.lane) + BAR_TOP} />
        ))}
      {delay === null || delay.from >= shown ? null : (
        <Bracket
          from={x(delay.from)}
          to={x(delay.to)}
          y={top('b') + BAR_TOP + BAR_HEIGHT + 5}
          right={right}
          label={`${span(trace.post_dial_delay_ms ?? delay.to - delay.from)} post-dial delay`}
        />
      )}
      {timeline.marks
        .filter(({ at }) => at <= shown)
        .map((mark, index) => (
          <Dot key={index} mark={mark} x={x(mark.at)} y={top(mark.lane) + BAR_TOP - 4} />
        ))}
    </svg>
  );
}

function Bar(props: { span: Span; x: (at: number) => number; top: number }) {
  const { span: each, x, top } = props;
  const [from, to] = [x(each.from), x(each.to)];
  const width = Math.max(2, to - from);
  const lasted = span(each.to - each.from);
  const label = [`${each.label}, ${lasted}`, each.label, lasted].find(
    (text) => text.length * LETTER + 10 < width,
  );
  return (
    <g class={`span span-${each.kind} ${each.isOpen ? 'open' : ''}`}>
      <title>{`${each.label}, ${lasted}${each.isOpen ? ' so far' : ''}`}</title>
      <rect x={from} y={top} width={width} height={BAR_HEIGHT} rx={3} />
      {label === undefined ? null : (
        <text x={from + 6} y={top + 15}>
          {label}
        </text>
      )}
    </g>
  );
}

function Bracket(props: { from: number; to: number; y: number; right: number; label: string }) {
  const { from, to, y, right, label } = props;
  const isAtEnd = from + label.length * LETTER > right;
  return (
    <g class="bracket">
      <path d={`M${from} ${y - 2}v4h${Math.max(1, to - from)}v-4`} />
      <text x={isAtEnd ? to : from} y={y + 12} text-anchor={isAtEnd ? 'end' : 'start'}>
        {label}
      </text>
    </g>
  );
}

function Dot({ mark, x, y }: { mark: Mark; x: number; y: number }) {
  return (
    <g class={`mark ${mark.isBad ? 'bad' : ''}`}>
      <title>{mark.label}</title>
      <path d={`M${x - 4} ${y - 4}h8l-4 6z`} />
    </g>
  );
}

const LEGEND: readonly (readonly [kind: Span['kind'], text: string])[] = [
  ['waiting', 'waits'],
  ['prompt', 'PIN prompt'],
  ['announcement', 'announcement'],
  ['dialing', 'dialing'],
  ['ringing', 'ringing'],
  ['answered', 'answered'],
  ['talk', 'talk'],
  ['failed', 'failed'],
];

function Legend() {
  return (
    <ul class="legend" aria-label="Colours of the timeline">
      {LEGEND.map(([kind, text]) => (
        <li key={kind}>
          <span class={`swatch swatch-${kind}`} /> {text}
        </li>
      ))}
    </ul>
  );
}
