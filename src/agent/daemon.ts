import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { type Logger, pino } from 'pino';
import { ProdngError } from '../error/prodng-error.ts';
import { tryLock } from '../kernel/at.ts';
import type { Paths } from '../system/paths.ts';
import { Agent } from './agent.ts';
import { listenOnSocket, listenOnTls, type TlsListener } from './api/listen.ts';
import { makeServer } from './api/server.ts';
import { admission } from './packages/admission.ts';
import { PackageFinder } from './packages/package-source.ts';
import { notifySystemd, watchdogInterval } from './sd-notify.ts';
import { networksOf, readAgentConfig } from './state/agent-config.ts';
import { agentPaths } from './state/agent-paths.ts';

/**
 * Runs the agent until the signal: takes over the jails, and answers on its socket. Its end is not theirs.
 * SIGHUP has it read the files of TLS anew.
 *
 * @throws ProdngError BUSY when there is an agent already, HOST_LACKS without root, CONFIG
 */
export async function runAgent(paths: Paths, stop: AbortSignal): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new ProdngError('HOST_LACKS', 'agent: only root can give jails uids and networks of their own');
  const own = agentPaths(paths);
  const config = await readAgentConfig(own);
  await mkdir(paths.run, { recursive: true });
  // what is in it is closed, each for itself: members of the group must reach the socket
  await chmod(paths.run, 0o755);
  const lock = openSync(own.lock, 'a', 0o600);
  if (!tryLock(lock)) {
    closeSync(lock);
    throw new ProdngError('BUSY', 'an agent runs already', { hint: `who it is: fuser ${own.lock}` });
  }
  const logger = pino({ level: config.logLevel });
  const agent = new Agent({
    paths: own,
    logSize: config.logSize,
    keepVersions: config.keepVersions,
    admit: admission(config),
    mostOfTree: { entries: config.packages.entries, bytes: config.packages.bytes },
    raise: config.raise,
    networks: networksOf(config),
    finder: new PackageFinder({
      paths: own,
      signed: config.signaturePolicy !== undefined,
      ...(config.archives === undefined ? {} : { archives: config.archives }),
    }),
  });
  agent.context.events.on('event', ({ kind, jail, by, detail }) => logger.info({ jail, by, detail }, kind));
  agent.context.events.on('fault', (error) => logger.error(error, 'events wait to be recorded'));
  await agent.open();
  const server = await makeServer(agent, logger);
  const listening = [await listenOnSocket(server, own.socket)];
  const tls = config.tls === undefined ? undefined : await listenOnTls(server, config.tls, logger);
  if (tls !== undefined) listening.push(() => tls.close());
  const reload = () => reloadTls(tls, logger);
  process.on('SIGHUP', reload);
  await notifySystemd('READY=1');
  const beat = watchdogInterval();
  const timer = beat === undefined ? undefined : setInterval(() => void notifySystemd('WATCHDOG=1'), beat);
  logger.info({ socket: own.socket }, 'listening');
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  process.off('SIGHUP', reload);
  await notifySystemd('STOPPING=1');
  clearInterval(timer);
  for (const close of listening) close();
  await server.close();
  await agent.close();
  closeSync(lock);
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
