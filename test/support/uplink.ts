import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { run } from '../../src/system/process.ts';

/** A host and a router in network namespaces of their own, joined by a cable; nothing of this machine is touched. */
export interface Uplink {
  /** A process in the host's namespace, for StartOptions.netns. */
  host: number;
  router: number;
  /** The host's interface that macvlan jails hang on. */
  link: string;
  /** Runs a program in one of the two. */
  on(
    pid: number,
    ...argv: [string, ...string[]]
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  remove(): Promise<void>;
}

/** The router is 192.0.2.1 and the host 192.0.2.2, of the block for documentation, RFC 5737. */
export async function makeUplink(): Promise<Uplink> {
  const [host, router] = [await holder(), await holder()];
  const on: Uplink['on'] = (pid, ...argv) =>
    run(['nsenter', '--net', '--target', String(pid), ...argv], {
      accept: Array.from({ length: 256 }, (_, i) => i),
    });
  const batch = async (pid: number, commands: string) => {
    await run(['nsenter', '--net', '--target', String(pid), 'ip', '-batch', '-'], { input: commands });
  };
  await batch(
    pidOf(host),
    `link add name uplink0 type veth peer name port0 netns ${pidOf(router)}\n` +
      'link set lo up\nlink set uplink0 up\naddress add 192.0.2.2/24 dev uplink0\n',
  );
  await batch(pidOf(router), 'link set lo up\nlink set port0 up\naddress add 192.0.2.1/24 dev port0\n');
  return {
    host: pidOf(host),
    router: pidOf(router),
    link: 'uplink0',
    on,
    async remove() {
      for (const child of [host, router]) {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      }
    },
  };
}

async function holder(): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'echo; exec sleep infinity'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  return child;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('not started');
  return pid;
}
