import { describe, expect, it } from 'vitest';

import { details } from '../../../src/cli/details.js';
import { Table, type Column } from '../../../src/cli/table.js';
import { duration, person, shown, size } from '../../../src/cli/text.js';

type Row = Readonly<Record<'id' | 'number' | 'alias' | 'state', string>>;

const COLUMNS: Column<Row>[] = [
  { title: 'ID', value: (row) => row.id },
  { title: 'NUMBER', value: (row) => row.number, rank: 2 },
  { title: 'ALIAS', value: (row) => row.alias, atLeast: 6, rank: 1 },
  { title: 'N', value: (row) => row.state, align: 'right' },
];
const ROWS: Row[] = [
  { id: 'aaaaaaaa', number: '15550001000', alias: 'the main line of the house', state: '1' },
  { id: 'bbbbbbbb', number: '15550001001', alias: 'änd ☎ more', state: '12' },
];

describe('a table', () => {
  it('lays out in full where lines have no end', () => {
    expect(new Table(COLUMNS, null).lines(ROWS)).toEqual([
      'ID        NUMBER       ALIAS                        N',
      'aaaaaaaa  15550001000  the main line of the house   1',
      'bbbbbbbb  15550001001  änd ☎ more                  12',
    ]);
  });

  it('cuts what may be cut, then leaves out the least important, and never goes beyond the width', () => {
    const [titles, first] = new Table(COLUMNS, 40).lines(ROWS);
    expect(titles).toMatch(/^ID +NUMBER +ALIAS +N$/);
    expect(first).toBe('aaaaaaaa  15550001000  the main lin…   1');
    expect(new Table(COLUMNS, 25).lines(ROWS)[0]).toMatch(/^ID +ALIAS +N$/);
    expect(new Table(COLUMNS, 14).lines(ROWS)[0]).toMatch(/^ID +N$/);
    for (let width = 4; width < 80; width += 1) {
      for (const line of new Table(COLUMNS, width).lines(ROWS))
        expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('keeps its widths for the pages that follow, without titles', () => {
    const table = new Table(COLUMNS, null);
    table.lines(ROWS.slice(0, 1));
    expect(table.lines(ROWS.slice(1))).toEqual(['bbbbbbbb  15550001001  änd ☎ more                  12']);
  });
});

describe('text', () => {
  it('shows nothing that a terminal would obey, and a dash for nothing', () => {
    expect(shown('a\u001b[2Jb\u0007\u009bc\u202e')).toBe('a\ufffd[2Jb\ufffd\ufffdc\ufffd');
    expect([null, undefined, '', 0, false].map(shown)).toEqual(['-', '-', '-', '0', 'false']);
  });

  it('masks numbers of people, and no words', () => {
    expect(person('+14155550101', false)).toBe('**********01');
    expect(person('+14155550101', true)).toBe('+14155550101');
    expect([person('anonymous', false), person('', false)]).toEqual(['anonymous', '-']);
  });

  it('durations and sizes', () => {
    expect([0, 59.6, 61, 3_725].map(duration)).toEqual(['0s', '1m 00s', '1m 01s', '1h 02m 05s']);
    expect([0, 1_023, 1_536, 5 * 1_048_576].map(size)).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 MiB']);
  });

  it('details hide people and PINs, and leave out what is not there', () => {
    const object = {
      first_party: '14155550101',
      first_party_pin: '4711',
      record: false,
      callback_url: '',
      pin_retry: null,
    };
    expect(details(object, { reveal: false, people: ['first_party'] })).toEqual([
      'first_party      *********01',
      'first_party_pin  ****',
      'record           false',
    ]);
    expect(details(object, { reveal: true, people: ['first_party'] }).join('\n')).toContain('4711');
  });
});
