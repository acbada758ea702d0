import type { Addresses } from './addresses.ts';
import type { AgentPaths } from './agent-paths.ts';
import type { EventLog } from './event-log.ts';
import type { Exits } from './exits.ts';
import type { RaisePolicy } from './overridden.ts';
import type { StateStore } from './state-store.ts';

/** What every jail of an agent shares. */
export interface AgentContext {
  paths: AgentPaths;
  store: StateStore;
  events: EventLog;
  exits: Exits;
  /** Bytes that a jail's log may have. */
  logSize: number;
  /** Up to where limits may be raised. */
  raise: RaisePolicy;
  addresses: Addresses;
  /** Whether the agent is about to end. */
  closed(): boolean;
}
