import type { CallTraceSummary } from '../api/trace.js';
import { hrefOf } from '../state/address.js';
import { phone, span, timer } from '../text/format.js';
import { calledWords, enderWords, standingOf } from '../text/words.js';
import { Badge } from './badge.js';
import { DataTable, type Column } from './data-table.js';
import { Moment, Ticking } from './time.js';

const STARTED: Column<CallTraceSummary> = {
  title: 'Started',
  isMain: true,
  cell: (call) => <Moment at={call.started_at} />,
};
const FROM: Column<CallTraceSummary> = { title: 'From', cell: (call) => phone(call.from_number) };
const TO: Column<CallTraceSummary> = {
  title: 'Virtual number',
  cell: (call) => calledWords(call.virtual_number),
};
const STANDING: Column<CallTraceSummary> = {
  title: 'State',
  cell: (call) => <Badge words={standingOf(call)} />,
};

const LIVE: readonly Column<CallTraceSummary>[] = [
  STARTED,
  FROM,
  TO,
  STANDING,
  { title: 'Duration', isNumber: true, cell: (call) => <Ticking since={call.started_at} /> },
  { title: 'PDD', isNumber: true, cell: (call) => spanOr(call.post_dial_delay_ms) },
  { title: 'Node', cell: (call) => call.node },
];

const PAST: readonly Column<CallTraceSummary>[] = [
  STARTED,
  FROM,
  TO,
  STANDING,
  { title: 'Why', cell: (call) => <span class="why-cell">{call.explanation}</span> },
  { title: 'PDD', isNumber: true, cell: (call) => spanOr(call.post_dial_delay_ms) },
  {
    title: 'Talk',
    isNumber: true,
    cell: (call) =>
      call.ended_at === null ? (
        <Ticking since={call.started_at} />
      ) : call.talk_ms === null ? (
        '–'
      ) : (
        timer(call.talk_ms)
      ),
  },
  { title: 'Ended by', cell: (call) => <span class="whole">{enderWords(call.ended_by)}</span> },
];

/** Calls, each leading to its timeline. `isLive`: all of them are up, and what matters is where they are. */
export function CallTable(props: { caption: string; calls: readonly CallTraceSummary[]; isLive?: boolean }) {
  const { caption, calls, isLive = false } = props;
  return (
    <DataTable
      caption={caption}
      columns={isLive ? LIVE : PAST}
      rows={calls}
      keyOf={(call) => call.call_uuid}
      hrefOf={(call) => hrefOf('calls', call.call_uuid)}
    />
  );
}

function spanOr(ms: number | null): string {
  return ms === null ? '–' : span(ms);
}
