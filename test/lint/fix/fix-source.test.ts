import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixSource } from '../../../src/lint/fix/fix-source.ts';
import { writeExampleSource } from '../support/example-source.ts';
import { tagsIn } from '../support/lint-example.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'prodng-fix-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const controlOf = (): string => readFileSync(join(dir, 'debian/control'), 'utf8');

async function fixed(control: string): Promise<string> {
  writeExampleSource(dir, { control });
  return await fixSource(dir);
}

test('leaves a sound source as it is, byte by byte', async () => {
  writeExampleSource(dir, {});
  const before = controlOf();
  expect(await fixSource(dir)).toBe('');
  expect(controlOf()).toBe(before);
});

test('sorts capabilities, and drops repetitions and what never works', async () => {
  const diff = await fixed('Jail-Capabilities: KILL, SYS_TIME, chown,\n CHOWN, NET_BIND_SERVICE');
  expect(diff).toContain('+XB-Jail-Capabilities: CHOWN, KILL\n');
  expect(await tagsIn(dir)).toEqual([]);
});

test('drops the field when no capability is left', async () => {
  await fixed('Jail-Capabilities: SYS_TIME');
  expect(controlOf()).not.toContain('Capabilities');
});

test('keeps the CAP_ of those who write it', async () => {
  await fixed('Jail-Capabilities: CAP_KILL, CAP_CHOWN');
  expect(controlOf()).toContain('XB-Jail-Capabilities: CAP_CHOWN, CAP_KILL\n');
});

test('does not guess at an unknown capability', async () => {
  expect(await fixed('Jail-Capabilities: KILL, FROBNICATE, KILL')).toBe('');
});

test('corrects the names of fields, and their prefix', async () => {
  await fixed('Jail-Memory:\nJail-Memroy: 32M\nXC-Jail-Pids: 8\nJail-Pids:');
  expect(controlOf()).toContain('\nXB-Jail-Memory: 32M\n');
  expect(controlOf()).toContain('\nXB-Jail-Pids: 8\n');
});

test('does not rename to a field that is there already', async () => {
  expect(await fixed('Jail-Memroy: 32M')).toBe('');
});

test('normalises paths and drops duplicate lines', async () => {
  await fixed('Jail-Filesystem: rw //var/lib/./hello/ size=8M\n tmp /tmp\n tmp  /tmp');
  expect(controlOf()).toContain('\nXB-Jail-Filesystem: rw /var/lib/hello size=8M\n tmp /tmp\n');
});

test('never resolves a path that leads upwards: what was meant is not clear', async () => {
  expect(await fixed('Jail-Filesystem: rw /var/lib/../hello size=8M')).toBe('');
});

test('sorts ports and drops repetitions', async () => {
  await fixed('Jail-Listen: 8080/tcp, 53/udp, 8080/tcp');
  expect(controlOf()).toContain('\nXB-Jail-Listen: 53/udp, 8080/tcp\n');
});

test('does not touch a value with comments between its lines', async () => {
  expect(await fixed('Jail-Capabilities: KILL,\n# needed by the watchdog\n CHOWN')).toBe('');
});

test('mending once is enough', async () => {
  expect(await fixed('Jail-Capabilities: KILL, CHOWN, KILL\nJail-Listen: 8080/tcp, 80/tcp')).not.toBe('');
  expect(await fixSource(dir)).toBe('');
});

test('refuses a file that cannot be read', async () => {
  writeExampleSource(dir, { control: 'Jail-Broken 1' });
  await expect(fixSource(dir)).rejects.toMatchObject({ code: 'CONTROL_SYNTAX' });
});
