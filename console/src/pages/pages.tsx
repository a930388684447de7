import type { ComponentChild } from 'preact';

import type { PageName } from '../state/address.js';
import { AuditPage } from './audit.js';
import { CallPage } from './call.js';
import { CallsPage } from './calls.js';
import { NumbersPage } from './numbers.js';
import { OverviewPage } from './overview.js';
import { PhonesPage } from './phones.js';
import { RecordingPage } from './recording.js';
import { RecordingsPage } from './recordings.js';
import { SessionPage } from './session.js';
import { SessionsPage } from './sessions.js';
import { StatisticsPage } from './statistics.js';
import { SystemPage } from './system.js';
import { WhyPage } from './why.js';

export const PAGE_TITLES: Readonly<Record<PageName, string>> = {
  overview: 'Overview',
  calls: 'Calls',
  sessions: 'Sessions',
  numbers: 'Numbers',
  recordings: 'Recordings',
  statistics: 'Statistics',
  system: 'System',
  why: 'Why?',
  audit: 'Audit',
  phones: 'Phones',
};

const LISTS: Readonly<Record<PageName, () => ComponentChild>> = {
  overview: () => <OverviewPage />,
  calls: () => <CallsPage />,
  sessions: () => <SessionsPage />,
  numbers: () => <NumbersPage />,
  recordings: () => <RecordingsPage />,
  statistics: () => <StatisticsPage />,
  system: () => <SystemPage />,
  why: () => <WhyPage />,
  audit: () => <AuditPage />,
  phones: () => <PhonesPage />,
};

/** A page, or one thing of it. */
export function PageOf({ page, id }: { page: PageName; id: string }) {
  if (id !== '' && page === 'calls') return <CallPage key={id} uuid={id} />;
  if (id !== '' && page === 'sessions') return <SessionPage key={id} uuid={id} />;
  if (id !== '' && page === 'recordings') return <RecordingPage key={id} id={id} />;
  return <>{LISTS[page]()}</>;
}
