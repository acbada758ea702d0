import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { JailSummary } from '../../agent/api/jail-view.ts';
import type { AgentClient } from '../../agent/client.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { agentClient } from '../terminal/agent-client.ts';
import { standardError } from '../terminal/print.ts';

/** ms that the jails of a host's first image may take to become healthy. */
const settleTime = 600_000;

const shippedJails = '/usr/share/prodng/jails';

/** `prodng host-start`: PID 1 of a base image runs it once, when the agent is ready. */
export function register(program: Command): void {
  program
    .command('host-start')
    .description('install the jails of the image, and commit an image on trial once all is well')
    .action(hostStart);
}

async function hostStart(): Promise<void> {
  const client = await agentClient();
  const isComplete = await installShipped(client);
  const { commitHost, isCommitted, isOnTrial, refuseFailedTrial } = await import(
    '../../image/host/host-update.ts'
  );
  try {
    const refused = await refuseFailedTrial();
    if (refused !== undefined) say(`the image ${refused} failed its trial, and is refused from now on`);
    const onTrial = isOnTrial();
    // the first image of a host is no trial, as there is nothing to go back to; it is committed all the same
    if (!onTrial && (await isCommitted())) return;
    if (!isComplete) {
      say('the image is not committed: a jail of it cannot be started');
      return;
    }
    // PID 1 ends a trial that takes too long
    const end = performance.now() + settleTime;
    while (!(await isAllWell(client))) {
      if (!onTrial && performance.now() > end) {
        say('the image is not committed: its jails are not healthy');
        return;
      }
      await sleep(1000);
    }
    await commitHost();
    say('the image is committed');
  } catch (error) {
    if (!(error instanceof ProdngError) || error.code !== 'HOST_LACKS') throw error;
    // booted without a disk with slots: there is nothing to go back to
    writeFileSync('/run/prodng/committed', '');
  }
}

/** @returns whether all jails of the image could be installed and started */
async function installShipped(client: AgentClient): Promise<boolean> {
  if (!existsSync(shippedJails)) return true;
  let isComplete = true;
  const installed = new Set((await jails(client)).map(({ name }) => name));
  for (const file of readdirSync(shippedJails).sort()) {
    const name = /^([a-z0-9][a-z0-9+.-]*)_[^_]+_[a-z0-9]+\.deb$/.exec(file)?.[1];
    if (name === undefined || installed.has(name)) continue;
    try {
      await client.call('POST', '/v1/jails', { path: join(shippedJails, file), start: true });
      say(`${name}: installed`);
    } catch (error) {
      // the others are installed all the same; a trial of this image is not committed
      isComplete = false;
      say(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return isComplete;
}

/** Every jail that should run does, and is healthy where it says how to tell; every jail of the image is installed. */
async function isAllWell(client: AgentClient): Promise<boolean> {
  const all = await jails(client);
  const shipped = existsSync(shippedJails) ? readdirSync(shippedJails).length : 0;
  return (
    all.length >= shipped &&
    all.every(
      ({ desired, state, health }) =>
        desired === 'stopped' || (state === 'running' && (health === 'none' || health === 'healthy')),
    )
  );
}

async function jails(client: AgentClient): Promise<JailSummary[]> {
  return (await client.call('GET', '/v1/jails')) as JailSummary[];
}

function say(text: string): void {
  standardError().write(`host-start: ${text}\n`);
}
