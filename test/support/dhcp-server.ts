import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Uplink } from './uplink.ts';

/** A DHCP server on the router's end of an uplink. */
export interface DhcpServer {
  /** What it has said so far. */
  said(): string;
  stop(): Promise<void>;
}

/** What it leases; `options` are lines of udhcpd.conf(5). */
export interface DhcpOffer {
  start?: string;
  end?: string;
  options?: readonly string[];
}

const usual = ['option subnet 255.255.255.0', 'option router 192.0.2.1', 'option lease 60'];

/** Busybox's udhcpd: a real server, which shares no line with the client's reader of answers. */
export async function startDhcpServer(
  uplink: Uplink,
  folder: string,
  { start = '192.0.2.100', end = '192.0.2.120', options = usual }: DhcpOffer = {},
): Promise<DhcpServer> {
  const leases = join(folder, 'dhcp.leases');
  const configuration = join(folder, 'udhcpd.conf');
  await writeFile(leases, '');
  const lines = [
    'interface port0',
    `start ${start}`,
    `end ${end}`,
    'min_lease 1',
    'max_leases 20',
    `lease_file ${leases}`,
    `pidfile ${join(folder, 'udhcpd.pid')}`,
    ...options,
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const argv = ['--net', `--target=${uplink.router}`, 'busybox', 'udhcpd', '-f', '-a', '50', configuration];
  const child = spawn('nsenter', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('started')) resolve();
    });
  });
  return { said: () => said, stop: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
