import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { program, terminalSession } from '../support/jail-host.ts';

let host: AgentHost;

beforeEach(async () => {
  host = await makeAgentHost();
  await host.startAgent();
});

afterEach(async () => {
  for (const name of (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean))
    await host.ok('rm', '--purge', name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const [TIOCSTI, TIOCLINUX] = [0x5412, 0x541c];

/**
 * A program for amd64, elf(5): takes its standard input as controlling terminal, TIOCSCTTY of ioctl_tty(2), makes a
 * request of it with a byte, and exits with the error number.
 */
function ioctlProgram(request: number, byte: number): Buffer {
  const parts = [
    [0xb8, 16, 0, 0, 0, 0x31, 0xff, 0xbe, 0x0e, 0x54, 0, 0, 0x31, 0xd2, 0x0f, 0x05],
    [0xb8, 16, 0, 0, 0, 0x31, 0xff, 0xbe, request & 0xff, request >> 8, 0, 0],
    [0x48, 0x8d, 0x15, 13, 0, 0, 0, 0x0f, 0x05],
    [0x89, 0xc7, 0xf7, 0xdf, 0xb8, 60, 0, 0, 0, 0x0f, 0x05, byte],
  ];
  const code = Buffer.from(parts.flat());
  const head = Buffer.alloc(120);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(62, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(0x400078n, 24);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(5, 68);
  head.writeBigUInt64LE(0x400000n, 80);
  head.writeBigUInt64LE(0x400000n, 88);
  const size = BigInt(head.length + code.length);
  head.writeBigUInt64LE(size, 96);
  head.writeBigUInt64LE(size, 104);
  head.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([head, code]);
}

it('item 17: what a program in a jail pushes into its terminal never reaches the one of the operator', async () => {
  const tool = join(host.folder, 'push');
  for (const request of [TIOCSTI, TIOCLINUX]) {
    writeFileSync(tool, ioctlProgram(request, 'x'.charCodeAt(0)));
    chmodSync(tool, 0o755);
    const packed = await host.jail({
      name: `${host.name}push${request}`,
      fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"',
      programs: { 'bin/push': tool },
    });
    await host.ok('install', packed);
    for (const argv of [
      ['exec', '-t', `${host.name}push${request}`, '--', '/bin/push'],
      ['run', '--name', `${host.name}run`, packed, '--', '/bin/push'],
      ['run', '-i', '--name', `${host.name}run`, packed, '--', '/bin/push'],
    ]) {
      const after = 'status=$?; read -t 1 line; echo "status $status, read[$line]."';
      const shell = ['busybox', 'sh', '-c', `"$@"; ${after}`, 'sh', process.execPath, program, ...argv];
      const session = terminalSession(shell, host.env);
      await session.status();
      // EPERM, EIO or ENOTTY; 0 where it has a terminal of its own to push into. And prodng ran it
      expect(session.output()).toMatch(/status (0|1|5|25), read\[\]\./);
      expect(session.output()).not.toMatch(/prodng: |Cannot find module/);
    }
  }
});
