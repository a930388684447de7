const PATHS = {
  menu: 'M3 5h14M3 10h14M3 15h14',
  close: 'M5 5l10 10M15 5L5 15',
  eye: 'M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10zM10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z',
  hide: 'M3 3l14 14M8 4.8A8 8 0 0 1 10 4.5c5 0 8 5.5 8 5.5a15 15 0 0 1-2 2.6M12.5 14.8a8 8 0 0 1-2.5.7c-5 0-8-5.5-8-5.5a15 15 0 0 1 3.4-3.9',
  play: 'M6 4l10 6-10 6z',
  pause: 'M6 4v12M14 4v12',
  yes: 'M4 10.5l4 4 8-9',
  no: 'M10 4v8M10 15.5v.5',
  next: 'M8 5l5 5-5 5',
  previous: 'M12 5l-5 5 5 5',
  auto: 'M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14',
  light:
    'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1 1M14.7 14.7l1 1M4.3 15.7l1-1M14.7 5.3l1-1',
  dark: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
} as const;

/** A drawing that says nothing by itself: what it stands on has a name. */
export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
