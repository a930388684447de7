import { useState } from 'preact/hooks';

import { useWidth } from '../parts/measured.js';
import { day, shortTime } from '../text/clock.js';
import { axisOf, everyOf, linePath, round } from './scale.js';

export interface Series {
  readonly name: string;
  /** One per step; null where there is no value. */
  readonly values: readonly (number | null)[];
  /** Which of the chart colours. */
  readonly colour: 1 | 2 | 3 | 4 | 5;
}

export interface TimeChartProps {
  readonly title: string;
  /** Bars stand on each other. */
  readonly kind: 'bars' | 'lines';
  /** Beginnings of the steps, milliseconds since the epoch. */
  readonly times: readonly number[];
  /** Milliseconds. */
  readonly step: number;
  readonly series: readonly Series[];
  readonly print: (value: number) => string;
  /** Top of the axis, where the greatest value is not it. */
  readonly top?: number;
  readonly height?: number;
}

const LEFT = 52;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;
const BETWEEN_LABELS = 64;
const HALF_LABEL = 17;
const DAY = 86_400_000;

/** A chart over time. The arrow keys, or a pointer, go through its steps; a table beside it tells the same. */
export function TimeChart(props: TimeChartProps) {
  const { title, kind, times, step, series, print, height = 180 } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<number | null>(null);
  const sums = times.map((_, index) =>
    kind === 'bars'
      ? series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)
      : Math.max(0, ...series.map(({ values }) => values[index] ?? 0)),
  );
  const { top, step: tick } =
    props.top === undefined ? axisOf(Math.max(0, ...sums)) : { top: props.top, step: props.top / 4 };
  const slot = (width - LEFT - RIGHT) / Math.max(1, times.length);
  const x = (index: number): number => LEFT + index * slot;
  const y = (value: number): number => TOP + (1 - Math.min(1, value / top)) * (height - TOP - BOTTOM);
  const every = everyOf(times.length, (width - LEFT - RIGHT) / BETWEEN_LABELS);
  const label = (time: number): string => (step >= DAY ? day(time) : shortTime(time));
  const lastDay = day(times.at(-1) ?? 0);
  const told = (time: number): string =>
    day(time) === lastDay ? label(time) : `${day(time)}, ${shortTime(time)}`;

  const move = (to: number): void => setAt(Math.min(Math.max(to, 0), times.length - 1));
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = times.length - 1;
    const moves: Record<string, number> = {
      ArrowLeft: (at ?? last + 1) - 1,
      ArrowRight: (at ?? -1) + 1,
      Home: 0,
      End: last,
    };
    const to = moves[event.key];
    if (event.key === 'Escape') setAt(null);
    else if (to !== undefined) {
      event.preventDefault();
      move(to);
    }
  };
  const time = at === null ? undefined : times[at];
  return (
    <div class="chart">
      <p class="chart-readout" role="status">
        {time === undefined ? null : <strong>{told(time)}</strong>}
        {series.map(({ name, colour, values }) => (
          <span key={name}>
            <span class={`swatch series-${colour}`} /> {name}
            {at === null ? null : <strong> {printed(values[at], print)}</strong>}
          </span>
        ))}
      </p>
      <div
        ref={ref}
        class="chart-area"
        tabIndex={0}
        role="group"
        aria-label={`${title}. The left and right arrow keys go through its steps.`}
        onKeyDown={onKeyDown}
        onBlur={() => setAt(null)}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          move(Math.floor((event.clientX - box.left - LEFT) / slot));
        }}
        onPointerLeave={() => setAt(null)}
      >
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          {ticks(top, tick).map((value) => (
            <g key={value}>
              <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
              <text class="tick" x={LEFT - 6} y={y(value) + 4} text-anchor="end">
                {print(value)}
              </text>
            </g>
          ))}
          {times.map((each, index) =>
            index % every === 0 && x(index) + slot / 2 + HALF_LABEL <= width ? (
              <text class="tick" key={each} x={x(index) + slot / 2} y={height - 6} text-anchor="middle">
                {label(each)}
              </text>
            ) : null,
          )}
          {at === null ? null : (
            <rect class="cursor" x={x(at)} y={TOP} width={Math.max(1, slot)} height={height - TOP - BOTTOM} />
          )}
          {kind === 'bars'
            ? times.map((each, index) => (
                <Stack key={each} {...{ series, index, x: x(index), slot, y, base: height - BOTTOM }} />
              ))
            : series.map(({ name, colour, values }) => (
                <path
                  key={name}
                  class={`line series-${colour}`}
                  d={linePath(
                    values.map((value, index) => ({
                      x: x(index) + slot / 2,
                      y: value === null ? null : y(value),
                    })),
                  )}
                />
              ))}
        </svg>
      </div>
    </div>
  );
}

function Stack(props: {
  series: readonly Series[];
  index: number;
  x: number;
  slot: number;
  y: (value: number) => number;
  base: number;
}) {
  const { series, index, x, slot, y, base } = props;
  const gap = slot > 4 ? 1 : 0;
  let below = 0;
  return (
    <>
      {series.map(({ name, colour, values }) => {
        const value = values[index] ?? 0;
        if (value === 0) return null;
        const [from, to] = [below, (below += value)];
        const height = Math.min(base, y(from)) - y(to);
        return (
          <rect
            key={name}
            class={`bar series-${colour}`}
            x={round(x + gap / 2)}
            y={round(y(to))}
            width={round(Math.max(0.5, slot - gap))}
            height={round(Math.max(0.5, height))}
          />
        );
      })}
    </>
  );
}

function ticks(top: number, step: number): number[] {
  return Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
}

function printed(value: number | null | undefined, print: (value: number) => string): string {
  return value === null || value === undefined ? '–' : print(value);
}
