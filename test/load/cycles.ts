import { readdirSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import { makeUplink } from '../support/uplink.ts';
import { more, takeInventory } from './inventory.ts';
import { megabytes, type ProcessFigures, processFigures, slope } from './process-figures.ts';
import { figures, type LoadResult, type LoadSection } from './section.ts';

const count = Number(process.env.PRODNG_CYCLES ?? 500);
/** Cycles before the first figure: V8 takes its time to settle. */
const warmUp = Math.ceil(count / 5);
/** Bytes of live heap a cycle: a run that is not forgotten has more. */
const leak = 4096;

export const cyclesSection: LoadSection = {
  name: 'cycles',
  title: 'Start and stop, over and over',
  async run() {
    const host = await makeAgentHost();
    const uplink = await makeUplink();
    try {
      const options = `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${host.folder}`;
      await host.startAgent({ NODE_OPTIONS: options }, uplink.host);
      return await cycle(host, uplink.host);
    } finally {
      await host.endAgent('SIGTERM');
      await host.remove();
      await uplink.remove();
    }
  },
};

async function cycle(host: AgentHost, netns: number): Promise<LoadResult> {
  const names = [await installPlain(host), await installRich(host)];
  const round = async (index: number) => {
    const name = names[index % names.length] ?? '';
    for (const verb of ['start', 'stop']) {
      const { status, body } = await host.api('POST', `/v1/jails/${name}/${verb}`);
      if (status >= 400) throw new Error(`${verb}, cycle ${index}: ${body}`);
    }
  };
  for (let index = 0; index < names.length; index++) await round(index);
  const before = await takeInventory(host, netns);
  const taken: ProcessFigures[] = [];
  const begin = performance.now();
  for (let index = 0; index < count; index++) {
    await round(index);
    if (index >= warmUp) taken.push(processFigures(host.agent().pid ?? 0));
  }
  const each = (performance.now() - begin) / count;
  // last, as a snapshot takes more memory than the agent has
  const liveBefore = await liveHeap(host);
  for (let index = 0; index < warmUp; index++) await round(index);
  const live = ((await liveHeap(host)) - liveBefore) / warmUp;
  const left = more(await takeInventory(host, netns), before);
  for (const name of names) await host.ok('rm', '--purge', name);
  const [first, last] = [taken[0], taken.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was measured');
  const memory = slope(taken.map(({ resident }) => resident));
  const files = slope(taken.map((one) => one.files));
  return {
    text: [
      'A plain jail and one with a macvlan and a sized volume, in turn.',
      '',
      ...figures({
        cycles: count,
        'ms each': Math.round(each),
        'memory of the agent, first and last': `${megabytes(first.resident)}, ${megabytes(last.resident)}`,
        'bytes that it grows a cycle, after the warm-up': Math.round(memory),
        'of that live heap, after a full collection': Math.round(live),
        'descriptors, first and last': `${first.files}, ${last.files}`,
        'descriptors that it gains a cycle': files.toFixed(4),
        'mounts, links, control groups, processes, loop devices and files left over': left.length,
      }),
    ],
    faults: [
      ...left.map((what) => `left over: ${what}`),
      ...(live > leak ? [`the agent's heap grows by ${Math.round(live)} bytes a cycle`] : []),
      ...(files > 0.01 ? [`the agent gains ${files.toFixed(3)} descriptors a cycle`] : []),
    ],
  };
}

/**
 * Bytes of a snapshot of the agent's heap: what is alive, without what V8 and malloc(3) keep for later. Node collects all
 * garbage before it takes one.
 */
async function liveHeap(host: AgentHost): Promise<number> {
  const snapshots = () => readdirSync(host.folder).filter((name) => name.endsWith('.heapsnapshot'));
  process.kill(host.agent().pid ?? 0, 'SIGUSR2');
  const file = await until(() => snapshots()[0]);
  const path = join(host.folder, file);
  let size = -1;
  // it is whole when it is no longer written to, and the agent answers again
  while (statSync(path).size !== size) {
    size = statSync(path).size;
    await host.api('GET', '/v1/jails');
  }
  await rm(path);
  return size;
}

async function installPlain(host: AgentHost): Promise<string> {
  const name = `${host.name}plain`;
  const fields = 'Jail-Command: /bin/sleep 1000';
  await host.ok('install', '--no-start', await host.jail({ name, fields }));
  return name;
}

async function installRich(host: AgentHost): Promise<string> {
  const name = `${host.name}rich`;
  const fields =
    'Jail-Command: /bin/httpd -f -p 8080 -h /\nJail-Network: macvlan\nJail-Listen: 8080/tcp\nJail-Connect: any\n' +
    'Jail-Filesystem: rw /var/lib/box size=2M\nJail-Health: tcp://:8080 interval=1s timeout=1s';
  await host.ok('install', '--no-start', await host.jail({ name, fields }));
  await mkdir(join(host.folder, 'etc/jails.d'));
  const place = { uplink: 'uplink0', address: '192.0.2.10/24', gateway: '192.0.2.1' };
  await writeFile(join(host.folder, `etc/jails.d/${name}.json`), JSON.stringify(place));
  return name;
}
