import type { CallDirectory, RecordingDirectory } from './api/deps.js';
import type { HangUps } from './calls/hang-ups.js';
import type { LiveCall } from './masking/call.js';
import type { RecordingService } from './recordings/recording-service.js';
import type { LocatedLeg, Store } from './store/index.js';

/** Calls as the API shows them, over the store; hung up through whichever controller has their node. */
export function callDirectory(
  store: Pick<Store, 'callLog' | 'liveCalls'>,
  hangUps: Pick<HangUps, 'hangUp'>,
): CallDirectory {
  const { callLog, liveCalls } = store;
  return {
    find: (uuid, now) => callLog.find(uuid, now),
    list: (query, now) => callLog.list(query, now),
    async findLive(uuid, now) {
      const leg = await liveCalls.locate(uuid);
      const [call] = leg === null ? [] : await liveCalls.read([leg], now);
      return call ?? null;
    },
    async live(filter, now) {
      const { accountIds, from, to, direction } = filter;
      const isSeen = ({ interaction }: LocatedLeg): boolean =>
        accountIds === null || accountIds.includes(interaction.accountId);
      const legs = (await liveCalls.all()).filter(isSeen);
      if (from === undefined && to === undefined && direction === undefined) {
        return legs.map(({ uuid }) => uuid);
      }
      const fits = (call: LiveCall): boolean =>
        (from === undefined || call.from === from) &&
        (to === undefined || call.to === to) &&
        (direction === undefined || call.direction === direction);
      return (await liveCalls.read(legs, now)).filter(fits).map(({ uuid }) => uuid);
    },
    hangUp: (leg) => hangUps.hangUp(leg),
  };
}

/** Recordings as the API shows them. */
export function recordingDirectory<Lease>(
  store: Pick<Store, 'callLog' | 'recordings'>,
  service: Pick<RecordingService<Lease>, 'files' | 'keeper' | 'objects' | 'urls'>,
): RecordingDirectory {
  const { recordings, callLog } = store;
  return {
    folder: service.files.folder,
    get: (id) => recordings.get(id),
    list: (query) => recordings.list(query),
    async ofCall(uuid) {
      const pointer = await callLog.locate(uuid);
      return recordings.get(pointer?.interactionId ?? uuid);
    },
    read: (recording, range) => service.objects.read(recording, range),
    remove: (recording) => service.keeper.remove(recording),
    mediaUrl: (recording, now) => service.urls.media(recording, now),
    accepts: (given, now) => service.urls.accepts(given, now),
  };
}
