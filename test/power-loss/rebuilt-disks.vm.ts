import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
const boots = Number(process.env.POWER_LOSS_BOOTS ?? Math.ceil(count / 15));
const seed = Number(process.env.POWER_LOSS_SEED ?? Date.now() % 1_000_000);
/** What was found, with all that the agents said: kept with the log that it was found in. */
const report = join(logged, 'faults');

const entries = parseWriteLog(readFileSync(join(logged, 'writes')));
const answers = entries.flatMap((entry, index) => {
  const acknowledgement = acknowledgementIn(entry);
  return acknowledgement === undefined ? [] : [{ index, acknowledgement }];
});
// before the first answer there is nothing to lose but the file system that is being mounted
const losses = powerLosses(entries, Math.floor((answers[0]?.index ?? 0) / 2), count, seed);
let scratch: string;

beforeAll(async () => {
  rmSync(report, { force: true });
  // a run that hangs or is killed must have told it, too
  console.log(`power loss: ${count} points by POWER_LOSS_SEED=${seed}, an agent starts at ${boots} of them`);
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
    faults.push(...found.map((fault) => `seed ${seed}, ${named(loss, next)}: ${fault}`));
    await rm(folder, { recursive: true, force: true });
  }
  const flushes = entries.filter(({ flush }) => flush).length;
  const during = new Set(losses.map((loss) => around(loss).next?.command.split(' ')[0]));
  console.log(
    `power loss: ${losses.length} disks rebuilt from ${entries.length} entries (${flushes} flushes, seed ${seed}), ` +
      `during ${[...during].join(', ')}`,
  );
  if (faults.length > 0) appendFileSync(report, `${faults.join('\n')}\n`);
  expect(faults).toEqual([]);
}, 7_200_000);

describe('the next agent', () => {
  let host: AgentHost;
  beforeAll(async () => {
    host = await makeAgentHost();
  });
  afterAll(() => host.remove());

  it('takes up what it finds, and leaves nothing half done', async () => {
    const disk = new RebuiltDisk(join(logged, 'disk-before'), join(scratch, 'disk'), entries);
    const mounted = join(host.folder, 'state');
    host.env.PRODNG_STATE_DIR = join(mounted, 'state');
    host.env.PRODNG_CONFIG_DIR = join(mounted, 'etc');
    await run(['mkdir', '-p', mounted]);
    const faults: string[] = [];
    for (const [index, loss] of losses.entries()) {
      if (index % Math.ceil(count / boots) !== 0) continue;
      // a file of its own: the loop device of the one before may not be gone yet, and mount(8) would take that one again
      const image = join(scratch, `boot-${index}`);
      await disk.at(loss, image);
      await run(['mount', '-o', 'loop', image, mounted]);
      const found = await bootFaults(host, loss);
      await run(['umount', mounted]);
      await rm(image);
      faults.push(...found);
    }
    expect(faults).toEqual([]);
  }, 7_200_000);
});

/** Has an agent start on what is mounted. Whatever goes wrong is a fault of that point, and the next one is tried. */
async function bootFaults(host: AgentHost, loss: PowerLoss): Promise<string[]> {
  const { told, next } = around(loss);
  const before = host.said().length;
  const faults: string[] = [];
  try {
    await host.startAgent();
    // it answers before it has cleared away what it found
    await until(() => host.said().slice(before).includes('agent-settled'));
    faults.push(...(await settledFaults(host, told, next)));
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  // what a fault has left, or the disk stays busy
  const { stdout } = await host.prodng(['ls', '--format', 'name']);
  for (const name of stdout.split('\n').filter(Boolean)) await host.prodng(['rm', '--purge', name]);
  await host.endAgent('SIGTERM');
  const found = faults.map((fault) => `seed ${seed}, ${named(loss, next)}: ${fault}`);
  if (found.length > 0) {
    const agent = `the agent said:\n${host.said().slice(before)}`;
    appendFileSync(report, `${[...found, agent].join('\n')}\n`);
    console.log(`${found.join('\n')}\n${agent}`);
  }
  return found;
}

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
    const since = performance.now();
    await until(async () => {
      const phase = await phaseOf(host, name);
      const isHopeless = phase === 'crash-loop' || performance.now() - since > 300_000;
      if (isHopeless) throw new Error(`${name}: it does not come up: ${phase}`);
      return phase === 'running' || phase === 'stopped';
    });
    const phase = await phaseOf(host, name);
    const isBusy = expected === undefined || next?.command.includes(` ${name}`);
    if (!isBusy && phase !== expected.desired) faults.push(`${name}: ${phase}, not ${expected.desired}`);
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

/** By the API itself: it is asked again and again. */
async function phaseOf(host: AgentHost, name: string): Promise<string> {
  const { body } = await host.api('GET', '/v1/jails');
  const jails: { name: string; state: string }[] = JSON.parse(body);
  return jails.find((jail) => jail.name === name)?.state ?? 'not there';
}
