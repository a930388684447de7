import type { Json } from './api-client.js';
import type { Invocation } from './invocation.js';
import type { Column } from './table.js';
import { duration, person, shown } from './text.js';

/** The columns of a list of traces. */
export function traceColumns(reveal: boolean): Column<Json>[] {
  return [
    { title: 'CALL', value: (row) => shown(row['call_uuid']) },
    { title: 'STARTED', value: (row) => shown(row['started_at']).slice(0, 19).replace('T', ' ') },
    { title: 'NUMBER', value: (row) => shown(row['virtual_number']), rank: 1 },
    { title: 'FROM', value: (row) => person(row['from_number'], reveal), rank: 3 },
    { title: 'OUTCOME', value: (row) => shown(row['outcome'] ?? row['stage']) },
    { title: 'REASON', value: (row) => shown(row['reason']), atLeast: 8, rank: 2 },
    { title: 'TALK', align: 'right', value: (row) => seconds(row['talk_ms']), rank: 4 },
  ];
}

/** One trace: what it came to, its steps, and the rules that were asked. */
export function traceLines(trace: Json, run: Invocation): string[] {
  const startedAt = Date.parse(shown(trace['started_at']));

  const head: [string, string][] = [
    ['call', shown(trace['call_uuid'])],
    ['number', shown(trace['virtual_number'])],
    ['from', person(trace['from_number'], run.reveal)],
    ['session', shown(trace['session_uuid'])],
    ['node', shown(trace['node'])],
    ['started', shown(trace['started_at'])],
    ['outcome', outcomeText(trace)],
    ['rang after', delay(trace['post_dial_delay_ms'])],
    ['talk', seconds(trace['talk_ms'])],
    ['ended by', shown(trace['ended_by'])],
  ];
  return [
    run.terminal.paint('bold', shown(trace['explanation'])),
    ...factLines(head),
    ...stepsOf(trace).map((step) => {
      const after = ((Date.parse(shown(step['at'])) - startedAt) / 1_000).toFixed(3);
      return `${`+${after} s`.padStart(12)}  ${stepText(step)}`;
    }),
    ...ruleLines(trace),
  ];
}

/** The rules that were asked, in their order. */
export function ruleLines(explained: Json): string[] {
  const rules = Array.isArray(explained['rules']) ? (explained['rules'] as Json[]) : [];
  return rules.map(
    (rule) =>
      `${rule['decided'] === true ? 'decided by' : 'passed'}  ${shown(rule['rule'])}: ${shown(rule['explanation'])}`,
  );
}

/** Facts with a name before each; `-` stands for what is left out. */
export function factLines(facts: readonly (readonly [name: string, value: string])[]): string[] {
  return facts.filter(([, value]) => value !== '-').map(([name, value]) => `${name.padEnd(10)}  ${value}`);
}

/** A step as one line, without when it was. */
export function stepText(step: Json): string {
  const facts = [
    ['attempt', step['attempt']],
    ['result', step['result']],
    ['trunk', step['trunk']],
    ['cause', step['cause']],
    ['SIP', step['sip_status']],
    ['rule', step['rule']],
  ].filter(([, value]) => value !== undefined && value !== null && value !== '');
  const leg = typeof step['leg'] === 'string' ? step['leg'].toUpperCase() : '-';
  const more = facts.map(([name, value]) => `${String(name)} ${shown(value)}`).join(', ');
  return `${leg}  ${shown(step['step']).padEnd(9)}  ${shown(step['text'])}${more === '' ? '' : ` (${more})`}`;
}

function stepsOf(trace: Json): Json[] {
  return Array.isArray(trace['steps']) ? (trace['steps'] as Json[]) : [];
}

function outcomeText(trace: Json): string {
  const outcome = trace['outcome'] ?? trace['stage'];
  const reason = trace['reason'];
  return reason === null || reason === undefined ? shown(outcome) : `${shown(outcome)} (${shown(reason)})`;
}

/** Whole seconds would hide what a caller notices. */
function delay(ms: unknown): string {
  return typeof ms === 'number' ? `${(ms / 1_000).toFixed(3)} s` : '-';
}

function seconds(ms: unknown): string {
  return typeof ms === 'number' ? duration(ms / 1_000) : '-';
}
