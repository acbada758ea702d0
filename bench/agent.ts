import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type AgentHost, makeAgentHost } from '../test/support/agent-host.ts';
import { type Bench, medianPairs } from './bench.ts';
import { type CpuGroup, makeCpuGroup } from './cpu.ts';

const runFile = promisify(execFile);
const runs = 41;

/** What it costs to have the agent start an installed jail, beside the bare runtime. */
export const agentBench: Bench = {
  name: 'agent',
  note:
    'A jail that sleeps, without a network. Ours: POST /v1/jails/NAME/start to its answer, with conmon, what is in force ' +
    'read back and the event on disk; CPU time is that of the agent and of all that it starts. The peer: create and start ' +
    'of the same configuration on an unpacked tree, by a shell that is running already.',
  async run() {
    // /run of a Debian host is a tmpfs
    const runFolder = await mkdtemp('/dev/shm/bench-agent-');
    const host = await makeAgentHost(runFolder);
    const groups = {
      ours: makeCpuGroup(`bench-${host.name}-ours`),
      theirs: makeCpuGroup(`bench-${host.name}-theirs`),
    };
    try {
      await host.startAgent();
      groups.ours.add(host.agent().pid ?? 0);
      const deb = await host.jail({ fields: 'Jail-Command: /bin/sleep 1000' });
      await host.ok('install', '--no-start', deb);
      const peer = await startPeer(host, deb, join(runFolder, 'peer'), groups.theirs);
      const { wall, cpu } = await medianPairs(runs, {
        ours: {
          work: () => post(host, 'start'),
          after: () => post(host, 'stop'),
          cpu: () => groups.ours.used(`prodng-${host.name}-`),
        },
        theirs: {
          work: async () => {
            await peer.call('create', '--bundle', peer.bundle, peer.id);
            await peer.call('start', peer.id);
          },
          after: () => peer.call('delete', '--force', peer.id),
          cpu: () => groups.theirs.used(`peer-${host.name}`),
        },
      });
      await peer.end();
      await host.ok('rm', '--purge', host.name);
      const names = { peer: `${peer.name} create, start`, unit: 'ms' as const };
      return [
        { what: 'start of an installed jail', ...wall, ...names },
        { what: 'CPU time of it', ...cpu, ...names },
      ];
    } finally {
      await host.endAgent('SIGTERM');
      await host.remove();
      await rm(runFolder, { recursive: true, force: true });
      for (const group of Object.values(groups)) await group.remove();
    }
  },
};

async function post(host: AgentHost, verb: string): Promise<void> {
  const { status, body } = await host.api('POST', `/v1/jails/${host.name}/${verb}`);
  if (status !== 200) throw new Error(`${verb}: ${body}`);
}

/** Runs the runtime once a line: a small shell, as to fork a process as big as this one takes longer. */
const callScript = 'while read -r line; do "$@" $line </dev/null >/dev/null 2>&1; echo $?; done';

async function startPeer(host: AgentHost, deb: string, runFolder: string, group: CpuGroup) {
  const bundle = join(host.folder, 'bundle');
  await mkdir(bundle);
  const { stdout } = await host.prodng(['run', deb, '--print-spec']);
  await runFile('dpkg-deb', ['--extract', deb, bundle]);
  const spec = JSON.parse(stdout);
  spec.root.path = join(bundle, `usr/lib/prodng/jails/${host.name}/rootfs`);
  spec.linux.cgroupsPath = `/peer-${host.name}`;
  await writeFile(join(bundle, 'config.json'), JSON.stringify(spec));
  // the jail's root is a nobody: it must be able to reach its rootfs
  await runFile('chmod', ['755', host.folder, bundle]);
  const name = await runFile('crun', ['--version']).then(
    () => 'crun',
    () => 'runc',
  );
  const argv = ['-c', callScript, 'sh', name, '--root', runFolder];
  const shell = spawn('sh', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  group.add(shell.pid ?? 0);
  const answers = createInterface(shell.stdout)[Symbol.asyncIterator]();
  const call = async (...args: string[]) => {
    shell.stdin.write(`${args.join(' ')}\n`);
    const { value } = await answers.next();
    if (value !== '0') throw new Error(`${name} ${args.join(' ')}: status ${value}`);
  };
  const end = async () => {
    const exit = once(shell, 'exit');
    shell.stdin.end();
    await exit;
  };
  return { bundle, name, call, end, id: `${host.name}-peer` };
}
