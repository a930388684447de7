import { CALL_IDS, SESSION_IDS } from './fixture/calls.js';

/** Every page, and what is there once it is. */
export const PAGES = [
  ['#/overview', 'Overview', '.chart .bar'],
  ['#/calls', 'Calls', '.data'],
  [`#/calls/${CALL_IDS.withPin}`, 'Call to +15550001000', '.wave'],
  [`#/calls/${CALL_IDS.ringing}`, 'Call to +15550001000', '.timeline-drawing'],
  ['#/sessions', 'Sessions', '.data'],
  [`#/sessions/${SESSION_IDS.pins}`, 'Session on +15550001000', 'text=SessionHangup'],
  ['#/numbers', 'Numbers', '.data'],
  ['#/recordings', 'Recordings', '.data'],
  [`#/recordings/${CALL_IDS.withPin}`, 'Recording', '.wave'],
  ['#/statistics', 'Statistics', '.chart .bar'],
  ['#/system', 'System', '.data'],
  ['#/why?to=15550001000', 'Why?', '.rules'],
  ['#/audit', 'Audit', '.data'],
  ['#/phones', 'Phones', '.card'],
] as const;
