import { isAbsolute, join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Paths } from '../../system/paths.ts';

/** Where the agent keeps what is its own. */
export interface AgentPaths {
  /** The runtime module's: unpacked trees lie among the state here, as a cache may be emptied under an installed jail. */
  jail: Paths;
  /** May be emptied at any time: what was fetched. */
  cache: string;
  /** One JSON file a jail. */
  jails: string;
  /** One JSON file a run: what is needed to take it over, or to clear it away. */
  runs: string;
  /** Where conmon tells how runs ended. */
  exits: string;
  /** Credentials of jails: a folder a jail, closed to all but root. */
  credentials: string;
  /** Files that replace configuration of jails: a folder a jail. */
  configuration: string;
  /** What the services have printed. */
  logs: string;
  /** The append-only log of events. */
  events: string;
  /** How far alerts have been sent. */
  alerts: string;
  /** Bundles of evidence that the API made. */
  evidence: string;
  /** What the kernel counted of runs that have ended, a folder a jail. */
  profiles: string;
  /** The policies as they were read last. */
  policies: string;
  /** Notes of runs that are observed. */
  observed: string;
  /** Notes of jails that are frozen for evidence. */
  frozen: string;
  /** Unix socket of the API. */
  socket: string;
  /** Held for as long as an agent lives. */
  lock: string;
  /** The operator's folder: agent.json, and jails.d with overrides. */
  config: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ProdngError CONFIG when PRODNG_CONFIG_DIR is not an absolute path */
export function agentPaths(paths: Paths, env: Environment = process.env): AgentPaths {
  const config = env.PRODNG_CONFIG_DIR ?? '/etc/prodng';
  if (!isAbsolute(config))
    throw new ProdngError('CONFIG', `PRODNG_CONFIG_DIR: not an absolute path: ${config}`);
  return {
    jail: { ...paths, cache: join(paths.state, 'installed') },
    cache: paths.cache,
    jails: join(paths.state, 'jails'),
    runs: join(paths.run, 'agent', 'runs'),
    exits: join(paths.run, 'agent', 'exits'),
    credentials: join(paths.state, 'credentials'),
    configuration: join(paths.state, 'configuration'),
    logs: join(paths.state, 'logs'),
    events: join(paths.state, 'events.jsonl'),
    alerts: join(paths.state, 'alerts.json'),
    evidence: join(paths.state, 'evidence'),
    profiles: join(paths.state, 'profiles'),
    policies: join(paths.state, 'policies.json'),
    observed: join(paths.run, 'agent', 'observed'),
    frozen: join(paths.run, 'agent', 'frozen'),
    socket: agentSocket(paths),
    lock: join(paths.run, 'agent.lock'),
    config,
  };
}

/** Where the agent of these folders listens. */
export function agentSocket({ run }: Paths): string {
  return join(run, 'agent.sock');
}

/** Where the volumes of jails lie, a folder a jail. */
export function volumesFolder({ jail }: Pick<AgentPaths, 'jail'>): string {
  return join(jail.state, 'volumes');
}
