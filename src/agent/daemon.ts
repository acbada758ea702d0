import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { type Logger, pino } from 'pino';
import { messageOf, ProdngError } from '../error/prodng-error.ts';
import { tryLock } from '../kernel/at.ts';
import type { Paths } from '../system/paths.ts';
import { Agent } from './agent.ts';
import { Alerts } from './alerts/alerts.ts';
import { assertSocketPath, listenOnSocket, type TlsListener } from './api/listen.ts';
import { makeServer } from './api/server.ts';
import { keepTlsOpen } from './api/tls-retry.ts';
import { Checkpoints } from './checkpoints/checkpoints.ts';
import { SpaceWatch } from './metrics/space-watch.ts';
import { installPolicy } from './packages/install-policy.ts';
import { PackageFinder } from './packages/package-source.ts';
import { notifySystemd, watchdogInterval } from './sd-notify.ts';
import { type AgentConfig, networksOf, observationOf, readAgentConfig } from './state/agent-config.ts';
import { type AgentPaths, agentPaths } from './state/agent-paths.ts';

/** What is open, to be closed in the opposite order. */
type Closers = (() => void | Promise<void>)[];

/**
 * Runs the agent until the signal: takes over the jails, and answers on its socket. Its end is not theirs. It starts
 * whole, or closes what it has opened and throws. SIGHUP reloads the TLS files.
 *
 * The lock is held until the process ends, as a start that is under way may end later than this.
 *
 * @throws ProdngError BUSY when there is an agent already, HOST_LACKS without root, CONFIG
 */
export async function runAgent(paths: Paths, stop: AbortSignal): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new ProdngError('HOST_LACKS', 'agent: only root can give jails uids and networks of their own');
  const own = agentPaths(paths);
  const config = await readAgentConfig(own);
  assertSocketPath(own.socket);
  await mkdir(paths.run, { recursive: true });
  // what is in it is closed, each for itself: members of the group must reach the socket
  await chmod(paths.run, 0o755);
  takeLock(own);
  const logger = pino({ level: config.logLevel });
  const closers: Closers = [];
  try {
    await serve(own, config, logger, closers);
    if (!stop.aborted)
      await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  } finally {
    for (const close of closers.toReversed())
      try {
        await close();
      } catch (error) {
        logger.error(error, 'while ending');
      }
  }
}

function takeLock({ lock: path }: AgentPaths): void {
  const lock = openSync(path, 'a', 0o600);
  if (tryLock(lock)) return;
  closeSync(lock);
  throw new ProdngError('BUSY', 'an agent runs already', { hint: `who it is: fuser ${path}` });
}

async function serve(own: AgentPaths, config: AgentConfig, logger: Logger, closers: Closers): Promise<void> {
  const agent = new Agent({
    paths: own,
    log: { size: config.logSize, rate: config.logRate },
    keepVersions: config.keepVersions,
    startsAtOnce: config.startsAtOnce,
    admit: installPolicy(config),
    mostOfTree: { entries: config.packages.entries, bytes: config.packages.bytes },
    raise: config.raise,
    volumes: config.volumes,
    networks: networksOf(config),
    roles: config.roles,
    observation: observationOf(config),
    history: config.history,
    finder: new PackageFinder({
      paths: own,
      signed: config.signaturePolicy !== undefined,
      ...(config.archives === undefined ? {} : { archives: config.archives }),
    }),
  });
  const { events } = agent.context;
  events.on('event', ({ kind, jail, by, detail }) => logger.info({ jail, by, detail }, kind));
  events.on('fault', (error) => logger.error(error, 'events wait to be recorded'));
  closers.push(() => agent.close());
  const alerts = config.alerts === undefined ? undefined : new Alerts(config.alerts, events, own.alerts);
  if (alerts !== undefined) closers.push(() => alerts.close());
  await agent.open();
  await alerts?.open();
  const space = new SpaceWatch(own.jail.state, config.lowSpace, events);
  space.begin();
  closers.push(() => space.close());
  const server = await makeServer(agent, logger);
  closers.push(() => server.close());
  closers.push(await listenOnSocket(server, own.socket));
  const tls = config.tls === undefined ? undefined : keepTlsOpen(server, config.tls, events, logger);
  if (tls !== undefined) closers.push(() => tls.close());
  if (config.checkpoints !== undefined) {
    const checkpoints = new Checkpoints(config.checkpoints, events, own.jail);
    closers.push(() => checkpoints.close());
  }
  const reload = () => reloadTls(tls, logger);
  process.on('SIGHUP', reload);
  closers.push(() => void process.off('SIGHUP', reload));
  const beat = watchdogInterval();
  const timer =
    beat === undefined
      ? undefined
      : setInterval(() => void notifySystemd('WATCHDOG=1').catch(() => {}), beat);
  closers.push(() => clearInterval(timer));
  closers.push(() => notifySystemd('STOPPING=1'));
  await notifySystemd('READY=1');
  logger.info({ socket: own.socket }, 'listening');
  agent.settle().catch((error: unknown) => logger.error({ reason: messageOf(error) }, 'while settling'));
}

/** SIGHUP: the policy of signatures is read at each installation anyway, the rest at the start. */
function reloadTls(tls: TlsListener | undefined, logger: Logger): void {
  try {
    tls?.reload();
    logger.info('the files of TLS are read anew');
  } catch (error) {
    logger.error(error, 'the files of TLS are as they were');
  }
}
