import type { EventLog } from './events/event-log.ts';
import type { History } from './metrics/history.ts';
import type { Addresses } from './network/addresses.ts';
import type { Observation } from './observation/observation.ts';
import type { OperatorStores } from './operator/operator-values.ts';
import type { Disposal } from './packages/disposal.ts';
import type { VolumeRoom } from './packages/volume-room.ts';
import type { AgentPaths } from './state/agent-paths.ts';
import type { RaisePolicy } from './state/apply-overrides.ts';
import type { StateStore } from './state/state-store.ts';
import type { Exits } from './supervision/exits.ts';
import type { LogFile } from './supervision/log-keeper.ts';

/** What every jail of an agent shares. */
export interface AgentContext {
  paths: AgentPaths;
  store: StateStore;
  events: EventLog;
  exits: Exits;
  /** Removes what jails and packages have filled. */
  disposal: Disposal;
  /** How much of what jails print is kept. */
  log: Omit<LogFile, 'path'>;
  /** Up to where limits may be raised. */
  raise: RaisePolicy;
  volumes: VolumeRoom;
  addresses: Addresses;
  /** Credentials and configuration that operators give to jails. */
  operator: OperatorStores;
  observation: Observation;
  /** Recent figures of the jails. */
  history: History;
  /** Whether the agent is about to end. */
  closed(): boolean;
}
