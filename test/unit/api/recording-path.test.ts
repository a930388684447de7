import { expect, it } from 'vitest';

import { BadRecordingNameError, recordingPath } from '../../../src/recordings/recording-path.js';

const ID = '11111111-2222-4333-8444-555555555555';

it.each([`${ID}.mp3`, `${ID}.wav`])('a recording %s lies in the folder', (name) => {
  expect(recordingPath('/srv/recordings', name)).toBe(`/srv/recordings/${name}`);
});

it.each(['', ID, `${ID}.ogg`, `../${ID}.mp3`, '14155550101.mp3', `${ID}.mp3\n`, `a/${ID}.mp3`])(
  'the name %j is refused',
  (name) => {
    expect(() => recordingPath('/srv/recordings', name)).toThrow(BadRecordingNameError);
  },
);
