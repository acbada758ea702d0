import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractTar } from '../../src/archive/extract.ts';
import { readTar } from '../../src/archive/tar-reader.ts';
import { removeTree } from '../../src/system/remove-tree.ts';
import { end, file, folder, longName, rawEntry } from '../archive/raw-archive.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { padJail } from './support/padded-jail.ts';

let host: AgentHost;

const sleeping = { fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"' };

/** A package with so many empty files, and as many folders. */
async function crowded(count: number): Promise<string> {
  return padJail(await host.jail(sleeping), (prefix) => [
    ...Array.from({ length: count }, (_, index) => rawEntry({ name: `${prefix}var/lib/box/${index}` })),
    ...Array.from({ length: count }, (_, index) => folder(`${prefix}var/lib/box/d${index}/`)),
  ]);
}

/** How often the agent answers while something is done: one that is busy with that does not. */
async function answersDuring(work: Promise<unknown>): Promise<number> {
  let answers = 0;
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await host.api('GET', '/v1/jails');
    if (!isOver) answers++;
  }
  await over;
  return answers;
}

/** kB of memory that the agent has had at most. */
function peakMemory(): number {
  const status = readFileSync(`/proc/${host.agent().pid}/status`, 'utf8');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]);
}

describe('item 6: packages of very many files', () => {
  beforeEach(async () => {
    host = await makeAgentHost();
  });

  afterEach(async () => {
    await host.endAgent('SIGTERM');
    const left = await host.leftovers();
    await removeTree(host.folder);
    expect(left).toEqual([]);
  });

  it('keep the agent neither from answering while they are unpacked, nor while they are removed', async () => {
    await host.startAgent();
    const deb = await crowded(8000);
    expect(await answersDuring(host.ok('install', deb))).toBeGreaterThan(10);
    const before = peakMemory();
    expect(await answersDuring(host.ok('rm', host.name))).toBeGreaterThan(10);
    expect(peakMemory() - before).toBeLessThan(50_000);
  });

  it('are refused beyond what agent.json allows, with a hint', async () => {
    const config = JSON.stringify({ packages: { entries: 500 } });
    writeFileSync(join(host.folder, 'etc/agent.json'), config);
    await host.startAgent();
    const deb = await crowded(300);
    const refused = await host.prodng(['install', deb]);
    expect(refused).toMatchObject({ status: 2 });
    expect(refused.stderr).toContain('it has more than 500 files and folders');
    expect(refused.stderr).toContain('packages.entries');
    expect(await host.ok('ls', '--format', 'name')).toBe('');
  });
});

it('item 6: files count with the folders that they leave out, and with all their bytes', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'count-'));
  const deep = `${Array.from({ length: 200 }, (_, index) => index).join('/')}/file`;
  const unpack = (name: string, most: { entries: number; bytes: number }, ...entries: Buffer[]) =>
    extractTar(readTar(source(Buffer.concat([...entries, end]))), join(scratch, name), { most });
  const hidden = [longName('L', deep), file('short', '')];
  await expect(unpack('hidden', { entries: 100, bytes: 100 }, ...hidden)).rejects.toMatchObject({
    code: 'ARCHIVE_TOO_LARGE',
  });
  await unpack('allowed', { entries: 300, bytes: 100 }, ...hidden);
  await expect(unpack('large', { entries: 9, bytes: 9 }, file('a', '12345'), file('b', '67890')))
    .rejects //
    .toMatchObject({ code: 'ARCHIVE_TOO_LARGE', message: expect.stringContaining('9 bytes') });
  await removeTree(scratch);
});

async function* source(tar: Buffer): AsyncGenerator<Buffer> {
  yield tar;
}
