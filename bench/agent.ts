import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AgentHost, makeAgentHost } from '../test/support/agent-host.ts';
import { type Bench, medianTimed } from './bench.ts';

const runFile = promisify(execFile);
const runs = 21;

/** What it costs to have the agent start an installed jail, beside the bare runtime. */
export const agentBench: Bench = {
  name: 'agent',
  note:
    'A jail that sleeps, without a network. Ours: POST /v1/jails/NAME/start to its answer, with conmon, what is in force ' +
    'read back and the event on disk. The peer: create and start of the same configuration on an unpacked tree.',
  async run() {
    const host = await makeAgentHost();
    try {
      await host.startAgent();
      const deb = await host.jail({ fields: 'Jail-Command: /bin/sleep 1000' });
      await host.ok('install', '--no-start', deb);
      const peer = await runtimeBundle(host, deb);
      const times = await medianTimed(runs, {
        ours: {
          work: () => post(host, 'start'),
          after: () => post(host, 'stop'),
        },
        theirs: {
          work: async () => {
            // a jail's first process would hold the pipes of runFile open
            await peer.call('create', '--bundle', peer.bundle, peer.id);
            await peer.call('start', peer.id);
          },
          after: () => peer.call('delete', '--force', peer.id),
        },
      });
      await host.ok('rm', '--purge', host.name);
      return [
        { what: 'start of an installed jail', ...times, peer: `${peer.name} create, start`, unit: 'ms' },
      ];
    } finally {
      await host.endAgent('SIGTERM');
      await host.remove();
    }
  },
};

async function post(host: AgentHost, verb: string): Promise<void> {
  const { status, body } = await host.api('POST', `/v1/jails/${host.name}/${verb}`);
  if (status !== 200) throw new Error(`${verb}: ${body}`);
}

async function runtimeBundle(host: AgentHost, deb: string) {
  const bundle = join(host.folder, 'bundle');
  await mkdir(bundle);
  const { stdout } = await host.prodng(['run', deb, '--print-spec']);
  await runFile('dpkg-deb', ['--extract', deb, bundle]);
  const spec = JSON.parse(stdout);
  spec.root.path = join(bundle, `usr/lib/prodng/jails/${host.name}/rootfs`);
  spec.linux.cgroupsPath = `/prodng-${host.name}-peer`;
  await writeFile(join(bundle, 'config.json'), JSON.stringify(spec));
  // the jail's root is a nobody: it must be able to reach its rootfs
  await runFile('chmod', ['755', host.folder, bundle]);
  const name = await runFile('crun', ['--version']).then(
    () => 'crun',
    () => 'runc',
  );
  const call = async (...args: string[]) => {
    const argv = ['--root', join(host.folder, 'peer'), ...args];
    // its streams are the jail's: none of ours may be waited for
    await runFile('sh', ['-c', 'exec "$@" </dev/null >/dev/null 2>&1', 'sh', name, ...argv]);
  };
  return { bundle, name, call, id: `${host.name}-peer` };
}
