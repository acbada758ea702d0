import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import { type Acknowledgement, acknowledgementIn } from './acknowledgement.ts';
import { mend, readDisk } from './disk-contents.ts';
import { faultsOf } from './judge.ts';
import { type PowerLoss, powerLosses } from './power-losses.ts';
import { RebuiltDisk } from './rebuilt-disk.ts';
import { parseWriteLog } from './write-log.ts';

// After scripts/test-vm has logged the writes of an agent at work (test/vm/power-loss.vm.ts): disks as a loss of power would
// have left them.

const logged = process.env.POWER_LOSS_LOG ?? '';
const count = Number(process.env.POWER_LOSS_POINTS ?? 100);
// an agent starts on some of them
const boots = Math.ceil(count / 15);
const seed = Number(process.env.POWER_LOSS_SEED ?? Date.now() % 1_000_000);

const entries = parseWriteLog(readFileSync(join(logged, 'writes')));
const answers = entries.flatMap((entry, index) => {
  const acknowledgement = acknowledgementIn(entry);
  return acknowledgement === undefined ? [] : [{ index, acknowledgement }];
});
// before the first answer there is nothing to lose but the file system that is being mounted
const losses = powerLosses(entries, Math.floor((answers[0]?.index ?? 0) / 2), count, seed);
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp('/dev/shm/prodng-rebuilt-');
});

afterAll(() => rm(scratch, { recursive: true }));

function around({ at }: PowerLoss): { told?: Acknowledgement; next?: Acknowledgement } {
  const told = answers.findLast(({ index }) => index < at)?.acknowledgement;
  const next = answers.find(({ index }) => index >= at)?.acknowledgement;
  return { ...(told === undefined ? {} : { told }), ...(next === undefined ? {} : { next }) };
}

function named({ at, kind }: PowerLoss, next: Acknowledgement | undefined): string {
  return `entry ${at}, ${kind}, during ${next?.command ?? 'the end'}`;
}

it('was logged with all answers in it', () => {
  expect(answers.map(({ acknowledgement }) => acknowledgement.seq)).toEqual(
    answers.map((_, index) => index + 1),
  );
  expect(answers.length).toBeGreaterThanOrEqual(28);
  expect(losses.length).toBeGreaterThanOrEqual(20);
});

it('holds all that was answered, whole, wherever the power goes', async () => {
  const disk = new RebuiltDisk(join(logged, 'disk-before'), join(scratch, 'disk'), entries);
  const copy = join(scratch, 'copy');
  const folder = join(scratch, 'contents');
  const faults: string[] = [];
  for (const loss of losses) {
    const { told, next } = around(loss);
    await disk.at(loss, copy);
    const found = await mend(copy);
    try {
      found.push(...faultsOf(await readDisk(copy, folder), told, next));
    } catch (error) {
      found.push(error instanceof Error ? error.message : String(error));
    }
    faults.push(...found.map((fault) => `${named(loss, next)}: ${fault}`));
    await rm(folder, { recursive: true, force: true });
  }
  const flushes = entries.filter(({ flush }) => flush).length;
  const during = new Set(losses.map((loss) => around(loss).next?.command.split(' ')[0]));
  console.log(
    `power loss: ${losses.length} disks rebuilt from ${entries.length} entries (${flushes} flushes, seed ${seed}), ` +
      `during ${[...during].join(', ')}`,
  );
  expect(faults).toEqual([]);
}, 1_200_000);

describe('the next agent', () => {
  let host: AgentHost;
  beforeAll(async () => {
    host = await makeAgentHost();
  });
  afterAll(() => host.remove());

  it('takes up what it finds, and leaves nothing half done', async () => {
    const disk = new RebuiltDisk(join(logged, 'disk-before'), join(scratch, 'disk'), entries);
    const image = join(scratch, 'boot');
    const mounted = join(host.folder, 'state');
    host.env.PRODNG_STATE_DIR = join(mounted, 'state');
    host.env.PRODNG_CONFIG_DIR = join(mounted, 'etc');
    for (const loss of losses.filter((_, index) => index % Math.ceil(count / boots) === 0)) {
      const { told, next } = around(loss);
      await disk.at(loss, image);
      await run(['mkdir', '-p', mounted]);
      await run(['mount', '-o', 'loop', image, mounted]);
      try {
        await host.startAgent();
        const faults = await settledFaults(host, told, next);
        expect(faults.map((fault) => `${named(loss, next)}: ${fault}`)).toEqual([]);
      } finally {
        // what a fault has left, or the disk stays busy
        const { stdout } = await host.prodng(['ls', '-o', 'name']);
        for (const name of stdout.split('\n').filter(Boolean)) await host.prodng(['rm', '--purge', name]);
        await host.endAgent('SIGTERM');
        await run(['umount', mounted]);
      }
    }
  }, 1_200_000);
});

/** Waits until all runs that should, looks for rests, and has it all removed. */
async function settledFaults(
  host: AgentHost,
  told: Acknowledgement | undefined,
  next: Acknowledgement | undefined,
): Promise<string[]> {
  const faults: string[] = [];
  const state = host.env.PRODNG_STATE_DIR ?? '';
  const files = readdirSync(join(state, 'jails')).filter((file) => /^[^.].*\.json$/.test(file));
  const names = files.map((file) => file.slice(0, -'.json'.length));
  for (const name of names) {
    const expected = told?.jails[name];
    await until(async () => {
      const { state: phase } = (await host.summary(name)) ?? {};
      if (phase === 'crash-loop') throw new Error(`${name}: ${host.said()}`);
      return phase === 'running' || phase === 'stopped';
    });
    const summary = await host.summary(name);
    const isBusy = expected === undefined || next?.command.includes(` ${name}`);
    if (!isBusy && summary?.state !== expected.desired) faults.push(`${name}: ${String(summary?.state)}`);
  }
  const rests = ['jails', 'installed/jails']
    .flatMap((folder) => readdirSync(join(state, folder)))
    .filter((name) => /\.(?:tmp|new|gone)|tmp-|damaged/.test(name));
  faults.push(...rests.map((rest) => `${rest} was left`));
  await host.ok('events', '--verify');
  for (const name of names) await host.ok('rm', '--purge', name);
  const trees = readdirSync(join(state, 'installed/jails')).filter((name) => !name.endsWith('.lock'));
  if (trees.length > 0) faults.push(`trees that nobody has: ${trees.join(' ')}`);
  if (existsSync(join(state, 'volumes'))) faults.push(...readdirSync(join(state, 'volumes')));
  return faults;
}
