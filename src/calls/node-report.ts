/** How a node stands, as a controller sees it. */
export interface NodeReport {
  /** `host:port` of its Event Socket. */
  readonly endpoint: string;
  /** FreeSWITCH's switchname, "" while it is not known. */
  readonly name: string;
  readonly state: 'stopped' | 'connecting' | 'up' | 'waiting' | 'standby';
  /** Whether the controller has its lease. */
  readonly isHeld: boolean;
  readonly isDraining: boolean;
  /** Milliseconds since the epoch; 0 when it is not known. */
  readonly upSince: number;
  readonly trunks: readonly TrunkReport[];
}

export interface TrunkReport {
  readonly name: string;
  /** `unknown`: FreeSWITCH has no gateway of that name, or did not say. */
  readonly state: 'up' | 'down' | 'unknown';
  readonly pingMs: number | null;
}

/** What a controller tells of itself. Instants in milliseconds since the epoch. */
export interface ControllerReport {
  readonly id: string;
  readonly host: string;
  readonly version: string;
  readonly startedAt: number;
  readonly at: number;
  readonly nodes: readonly NodeReport[];
  /** Endpoints of nodes that let it in and that it would take off one that holds more. Earlier versions tell none. */
  readonly wants?: readonly string[];
}
