import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { medianTimes } from '../../bench/bench.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import { makeUplink } from '../support/uplink.ts';
import { megabytes, processFigures } from './process-figures.ts';
import { figures, type LoadResult, type LoadSection } from './section.ts';

const runFile = promisify(execFile);

const count = Number(process.env.PRODNG_CROWD ?? 100);
/** ms without a request, before the memory and the CPU time are read. */
const rest = 60_000;

export const crowdSection: LoadSection = {
  name: 'crowd',
  title: 'Many jails at once',
  async run() {
    const host = await makeAgentHost();
    const uplink = await makeUplink();
    try {
      await host.startAgent({}, uplink.host);
      return await fill(host);
    } finally {
      await host.endAgent('SIGTERM');
      await host.remove();
      await uplink.remove();
    }
  },
};

async function fill(host: AgentHost): Promise<LoadResult> {
  const debs = [await quietService(host), await checkedService(host)];
  const begin = performance.now();
  const names: string[] = [];
  for (let index = 0; index < count; index++) {
    const { name, deb } = debs[index % debs.length] ?? { name: '', deb: '' };
    const instance = `${name}@${index}`;
    names.push(instance);
    const { status, body } = await host.api(
      'POST',
      '/v1/jails',
      JSON.stringify({ path: deb, name: instance }),
    );
    if (status !== 201) throw new Error(`${instance}: ${body}`);
  }
  const started = performance.now() - begin;
  await until(async () => !(await host.ok('ls')).includes('starting'));
  const pid = host.agent().pid ?? 0;
  const busy = processFigures(pid);
  await sleep(rest);
  const before = processFigures(pid);
  const from = performance.now();
  await sleep(rest);
  const after = processFigures(pid);
  const cpu = ((after.cpu - before.cpu) / (performance.now() - from)) * 100;
  const ls = await lsTimes(host);
  const running = (await host.ok('ls', '--json')).match(/"state": "running"/g)?.length ?? 0;
  await removeAll(host, names);
  const left = await host.leftovers();
  const beyond = ls.ours - ls.theirs;
  return {
    text: [
      `Half of them are checked over HTTP every 10 s, as is the default. At rest: ${rest / 1000} s without a request.`,
      '',
      ...figures({
        'jails running': running,
        'ms that an install and start took': Math.round(started / count),
        'memory of the agent right after': megabytes(busy.resident),
        'memory of the agent at rest': megabytes(after.resident),
        'CPU of the agent at rest': `${cpu.toFixed(2)} % of one`,
        'descriptors, threads': `${after.files}, ${after.threads}`,
        'prodng ls, median ms': ls.ours.toFixed(1),
        'node -e 0, median ms': ls.theirs.toFixed(1),
        'prodng ls beyond that': beyond.toFixed(1),
        'left over afterwards': left.length,
      }),
    ],
    faults: [
      ...left.map((what) => `left over: ${what}`),
      ...(running < count ? [`${count - running} of ${count} do not run`] : []),
      ...(after.resident > 120e6 ? [`the agent has ${megabytes(after.resident)}`] : []),
      ...(cpu > 3 ? [`the agent takes ${cpu.toFixed(1)} % of a CPU at rest`] : []),
      ...(beyond > 50 ? [`prodng ls takes ${beyond.toFixed(0)} ms more than node`] : []),
    ],
  };
}

async function quietService(host: AgentHost): Promise<{ name: string; deb: string }> {
  const name = `${host.name}quiet`;
  return { name, deb: await host.jail({ name, fields: 'Jail-Command: /bin/sleep 1000000' }) };
}

async function checkedService(host: AgentHost): Promise<{ name: string; deb: string }> {
  const name = `${host.name}web`;
  const fields =
    'Jail-Command: /bin/httpd -f -p 8080 -h /etc\nJail-Network: loopback\nJail-Listen: 8080/tcp\n' +
    'Jail-Health: http://:8080/passwd interval=10s timeout=2s';
  return { name, deb: await host.jail({ name, fields }) };
}

function lsTimes(host: AgentHost): Promise<{ ours: number; theirs: number }> {
  const node = async (...args: string[]) => void (await runFile(process.execPath, args, { env: host.env }));
  return medianTimes(
    41,
    () => node(resolve('bin/prodng'), 'ls'),
    () => node('-e', '0'),
  );
}

async function removeAll(host: AgentHost, names: readonly string[]): Promise<void> {
  for (const name of names) await host.api('DELETE', `/v1/jails/${encodeURIComponent(name)}?purge=true`);
}
