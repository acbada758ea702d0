import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Acknowledgement,
  acknowledgementSize,
  type ExpectedJail,
  encodeAcknowledgement,
  fileSystemSize,
} from '../power-loss/acknowledgement.ts';
import { treeDigest } from '../power-loss/tree-digest.ts';
import { makeBusyboxJail } from '../support/busybox-jail.ts';
import { prodng as program } from '../support/prodng.ts';

// An agent works on a disk whose writes are logged by QEMU. test/power-loss then rebuilds the disk at many points of that
// log: what the operator has been told up to there, in a block past the file system, must be on it.

const disk = process.env.LOGGED_DISK ?? '/dev/disk/by-id/virtio-logged';
const scratch = mkdtempSync(join(tmpdir(), 'power-loss-'));
const mounted = join(scratch, 'disk');
const env = {
  PATH: process.env.PATH ?? '',
  PRODNG_STATE_DIR: join(mounted, 'state'),
  PRODNG_CONFIG_DIR: join(mounted, 'etc'),
  PRODNG_RUN_DIR: join(scratch, 'run'),
};
// their control groups have these names where the disks are tried out, too
const suffix = scratch.slice(-6).toLowerCase().replaceAll(/\W/g, 'x');
const web = `web${suffix}`;
const db = `db${suffix}`;
const jails: Record<string, ExpectedJail> = {};
const purged = new Set<string>();
const trees: Record<string, string> = {};
let seq = 0;
let agent: ChildProcess;

beforeAll(async () => {
  mkdirSync(mounted);
  execFileSync('mount', [disk, mounted]);
  agent = spawn(program, ['agent'], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  while (prodng('ls').status !== 0) {
    if (agent.exitCode !== null) throw new Error(`the agent ended with ${agent.exitCode}`);
    await sleep(500);
  }
});

afterAll(async () => {
  const exit = once(agent, 'exit');
  agent.kill('SIGTERM');
  await exit;
  execFileSync('umount', [mounted]);
  rmSync(scratch, { recursive: true });
});

function prodng(...argv: string[]) {
  const { status, stderr } = spawnSync(program, argv, { env, encoding: 'utf8' });
  return { status, stderr };
}

/** Does something, and writes down that it was answered, and what holds from then on. */
function acknowledged(argv: readonly string[], change: () => void, status = 0): void {
  const ended = prodng(...argv);
  if (ended.status !== status) throw new Error(`prodng ${argv.join(' ')}: ${ended.status}: ${ended.stderr}`);
  change();
  const folder = join(env.PRODNG_STATE_DIR, 'installed/jails');
  for (const name of readdirSync(folder))
    if (/^[0-9a-f]{64}$/.test(name)) trees[name] ??= treeDigest(join(folder, name));
  const acknowledgement: Acknowledgement = {
    seq: ++seq,
    command: argv.join(' '),
    jails,
    purged: [...purged],
    events: lastOfOperations(),
    trees,
  };
  const file = join(scratch, 'acknowledgement');
  writeFileSync(file, encodeAcknowledgement(acknowledgement));
  // O_DIRECT, and no flush: it must not make durable what the agent has not
  const place = fileSystemSize / acknowledgementSize + seq;
  execFileSync('dd', [
    `if=${file}`,
    `of=${disk}`,
    `bs=${acknowledgementSize}`,
    `seek=${place}`,
    'conv=notrunc',
    'oflag=direct',
    'status=none',
  ]);
}

/** Number of the last record that an operation waits for: others may not be synced yet. */
function lastOfOperations(): number {
  const kinds = 'installed started upgraded upgrade-failed rolled-back set stopped removed'.split(' ');
  const lines = readFileSync(join(env.PRODNG_STATE_DIR, 'events.jsonl'), 'utf8').trimEnd().split('\n');
  const records = lines.map((line): { seq: number; kind: string } => JSON.parse(line));
  return records.findLast(({ kind }) => kinds.includes(kind))?.seq ?? 0;
}

/** A website without a volume, which is upgraded beside the old one; a change of files makes its tree another one. */
function website(version: string, command = 'sleep 100000'): Promise<string> {
  return makeBusyboxJail(scratch, {
    name: web,
    files: { 'srv/version': version, 'srv/page': version.repeat(20_000) },
    control: (text) => text.replace('Version: 1.0-1', `Version: ${version}`),
    fields: `Jail-Command: /bin/sh -c "${command}"\nJail-Memory: 32M\nJail-Stop: SIGKILL 1s`,
  });
}

function database(version: string, size: string): Promise<string> {
  return makeBusyboxJail(scratch, {
    name: db,
    files: { 'srv/version': version },
    control: (text) => text.replace('Version: 1.0-1', `Version: ${version}`),
    fields: `Jail-Command: /bin/sh -c "sleep 100000"\nJail-Filesystem: rw /var/lib/box size=${size}\nJail-Stop: SIGKILL 1s`,
  });
}

function writeRow(row: string): void {
  const script = `echo ${row} > /var/lib/box/${row} && sync`;
  acknowledged(['exec', db, '--', '/bin/sh', '-c', script], () => Object.assign(jails[db] ?? {}, { row }));
}

test('an operator installs, upgrades, rolls back, sets, stops and removes, and gets answers', async () => {
  const [first, second, failing] = await Promise.all([
    website('1.0-1'),
    website('2.0-1'),
    website('3.0-1', 'exit 1'),
  ]);
  const [small, large] = await Promise.all([database('1.0-1', '4M'), database('2.0-1', '8M')]);
  const round = (n: number) => {
    acknowledged(['install', first], () => {
      jails[web] = { version: '1.0-1', desired: 'running' };
    });
    acknowledged(['install', small], () => {
      jails[db] = { version: '1.0-1', desired: 'running' };
      purged.delete(db);
    });
    writeRow(`rowA${n}`);
    acknowledged(['upgrade', web, second], () => Object.assign(jails[web] ?? {}, { version: '2.0-1' }));
    acknowledged(['set', web, 'memory=24M'], () => Object.assign(jails[web] ?? {}, { memory: 24 * 2 ** 20 }));
    acknowledged(['upgrade', web, failing], () => {}, 1);
    acknowledged(['upgrade', '--accept', db, large], () =>
      Object.assign(jails[db] ?? {}, { version: '2.0-1' }),
    );
    writeRow(`rowB${n}`);
    acknowledged(['rollback', web], () => Object.assign(jails[web] ?? {}, { version: '1.0-1' }));
    acknowledged(['set', web, 'memory='], () => {
      delete jails[web]?.memory;
    });
    acknowledged(['stop', db], () => Object.assign(jails[db] ?? {}, { desired: 'stopped' }));
    acknowledged(['start', db], () => Object.assign(jails[db] ?? {}, { desired: 'running' }));
    acknowledged(['rm', web], () => {
      delete jails[web];
    });
    acknowledged(['rm', '--purge', db], () => {
      delete jails[db];
      purged.add(db);
    });
  };
  round(1);
  round(2);
  expect(seq).toBe(28);
}, 3_000_000);
