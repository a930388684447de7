/** How long a session may be told to last: seconds, and words. */
export const LIFETIMES = [
  ['600', '10 minutes'],
  ['1800', '30 minutes'],
  ['3600', '1 hour'],
  ['14400', '4 hours'],
  ['43200', '12 hours'],
  ['86400', '1 day'],
] as const;
