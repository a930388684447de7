export { AccountRepository, type AccountPage } from './account-repository.js';
export { Admissions } from './admissions.js';
export {
  CallbackLog,
  type CallbackAddress,
  type CallbackAttempt,
  type CallbackRecord,
  type CallbackState,
  type LoggedCallback,
} from './callback-log.js';
export { CallRepository } from './call-repository.js';
export { CallLog, type CallQuery, type LegPointer, type Logged } from './call-log.js';
export { CallStatistics, type StatisticsOf } from './call-statistics.js';
export { CallTraces, type CallTrace, type TraceQuery } from './call-traces.js';
export { CommandQueue } from './command-queue.js';
export * from './errors.js';
export { LeaseRepository, type Lease } from './lease-repository.js';
export { Listing, type Span } from './listing.js';
export { LiveCalls, type LocatedLeg } from './live-calls.js';
export { NodeRepository } from './node-repository.js';
export { NumberLoads, type NumberLoad } from './number-loads.js';
export { NumberRepository, type InventoryEntry, type NumberPage } from './number-repository.js';
export {
  OriginationQueue,
  type OriginationJob,
  type OriginationQueueOptions,
  type TakenJobs,
} from './origination-queue.js';
export { NumberChooser, type Choose } from './number-chooser.js';
export { type EndedSession } from './session-changes.js';
export { Outbox, type OutboxEntry, type OutboxPage } from './outbox.js';
export { PinGuards } from './pin-guards.js';
export { PersonEraser } from './person-eraser.js';
export { type Findings } from './person-search.js';
export { PoolHistory } from './pool-history.js';
export { PromptUrls } from './prompt-urls.js';
export {
  RecordingRepository,
  type DueRecording,
  type RecordingAddress,
  type RecordingQuery,
} from './recording-repository.js';
export { RecordingTransfers, type TransferKind } from './recording-transfers.js';
export { isOutage, RedisConnection, type RedisClient, type RedisConnectionOptions } from './redis.js';
export { parseRedisUrl, type RedisTarget } from './redis-url.js';
export { Scripts } from './scripts.js';
export { SessionNotes } from './session-notes.js';
export {
  SessionRepository,
  type SessionRepositoryOptions,
  type SessionWithInteractions,
} from './session-repository.js';
export { SessionExpiry } from './session-expiry.js';
export { AuditLog, type AuditLogOptions } from './audit-log.js';
export { StatusBoard } from './status-board.js';
export { Store, type StoreOptions } from './store.js';
export { TraceFeed, type FedStep } from './trace-feed.js';
export { Vault } from './vault.js';
export { Withdrawals, type WithdrawalNews } from './withdrawals.js';
