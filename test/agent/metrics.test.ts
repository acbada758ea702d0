import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseFigures } from '../../src/agent/metrics/cgroup-figures.ts';
import { cgroupFamilies } from '../../src/agent/metrics/metrics.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';

let host: AgentHost;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  await host.ok('install', await host.jail({ fields: 'Jail-Command: /bin/sleep 1000\nJail-Memory: 64M' }));
}, 60_000);

afterAll(async () => {
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  await host.remove();
}, 60_000);

interface Parsed {
  types: Map<string, string>;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

/** As strict as Prometheus' own: exposition_formats.md, "Text format details". Throws at the first fault. */
function parse(text: string): Parsed {
  const types = new Map<string, string>();
  const samples: Parsed['samples'] = [];
  const seen = new Set<string>();
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, what, name = '', rest = ''] = comment;
      if (what === 'HELP') continue;
      if (types.has(name)) throw new Error(`${name}: a family must be in one piece`);
      if (!['counter', 'gauge', 'histogram', 'untyped'].includes(rest)) throw new Error(`${name}: ${rest}`);
      types.set(name, rest);
      continue;
    }
    const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) throw new Error(`no sample: ${line}`);
    const [, name = '', labelText = '', number = ''] = match;
    const pairs = [...labelText.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/g)];
    if (pairs.map(([whole]) => whole).join('') !== labelText) throw new Error(`labels: ${line}`);
    const family = name.replace(/_(bucket|sum|count)$/, '');
    const last = [...types.keys()].at(-1);
    if (last !== name && !(last === family && types.get(family) === 'histogram'))
      throw new Error(`outside of its family: ${line}`);
    const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
    if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
    if (seen.has(`${name}{${labelText}}`)) throw new Error(`twice: ${line}`);
    seen.add(`${name}{${labelText}}`);
    samples.push({
      name,
      labels: Object.fromEntries(pairs.map(([, key = '', said = '']) => [key, said])),
      value,
    });
  }
  return { types, samples };
}

it('speaks the text format of Prometheus', async () => {
  await host.api('GET', '/v1/jails/nobody');
  const { types, samples } = parse((await host.api('GET', '/metrics')).body);
  const figure = (name: string, labels: Record<string, string> = {}) =>
    samples.find(
      (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text),
    )?.value;
  const jail = host.name;
  expect(figure('prodng_jail_state', { jail, state: 'running' })).toBe(1);
  expect(figure('prodng_jail_restarts_total', { jail })).toBe(0);
  expect(figure('prodng_jail_memory_limit_bytes', { jail })).toBe(64 * 2 ** 20);
  expect(figure('prodng_agent_requests_total', { route: '/v1/jails/:name', status: '404' })).toBe(1);
  expect(types.get('prodng_agent_request_seconds')).toBe('histogram');
  const classes = samples.filter(({ name }) => name === 'prodng_agent_request_seconds_bucket');
  expect(classes.map(({ value }) => value)).toEqual(
    classes.map(({ value }) => value).toSorted((a, b) => a - b),
  );
  expect(classes.at(-1)?.value).toBe(figure('prodng_agent_request_seconds_count'));
  expect(figure('prodng_agent_event_loop_active_seconds_total')).toBeGreaterThan(0);
});

it('tells every figure that the kernel has of a control group of version 2', async () => {
  const detail = (await host.json('inspect', host.name)) as { run: { cgroup: string } };
  const { types, samples } = parse((await host.api('GET', '/metrics')).body);
  let files: string[] = [];
  try {
    files = readdirSync(`/sys/fs/cgroup${detail.run.cgroup}`);
  } catch {
    // version 1: its figures are those that both have
  }
  const names = [...types.keys()];
  if (files.length === 0) expect(names.some((name) => name.includes('cgroup'))).toBe(false);
  for (const file of files.filter((name) => /\.(stat|events|current|peak|pressure)$/.test(name))) {
    // a device's figures are there once it is used
    if (file !== 'io.stat') expect(names).toContain(`prodng_jail_cgroup_${file.replaceAll('.', '_')}`);
  }
  expect(samples.filter(({ name }) => name === 'prodng_jail_cpu_seconds_total').length).toBe(1);
});

it("gives the kernel's figures of a control group of version 2, on either kind of host", async () => {
  // a host with version 1 has this tree too, without controllers
  const folder = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((top) =>
    existsSync(join(top, 'cgroup.controllers')),
  );
  if (folder === undefined) throw new Error('no tree of version 2 is mounted');
  const families = await cgroupFamilies([{ jail: 'web', folder }]);
  const files = readdirSync(folder).filter((name) => /\.(stat|pressure)$/.test(name) && name !== 'io.stat');
  expect(files).toContain('cgroup.stat');
  const names = families.map(({ name }) => name);
  for (const file of files) expect(names).toContain(`prodng_jail_cgroup_${file.replaceAll('.', '_')}`);
  const stat = families.find(({ name }) => name === 'prodng_jail_cgroup_cgroup_stat');
  expect(stat?.samples).toContainEqual({
    labels: { jail: 'web', key: 'nr_descendants' },
    value: expect.any(Number),
  });
});

it.each([
  ['memory.current', '4096\n', [[{}, 4096]]],
  ['memory.max', 'max\n', [[{}, Number.POSITIVE_INFINITY]]],
  [
    'memory.stat',
    'anon 1\nfile 2\n',
    [
      [{ key: 'anon' }, 1],
      [{ key: 'file' }, 2],
    ],
  ],
  [
    'cpu.max',
    'max 100000\n',
    [
      [{ key: 'quota' }, Number.POSITIVE_INFINITY],
      [{ key: 'period' }, 100_000],
    ],
  ],
  [
    'io.stat',
    '8:0 rbytes=1 wios=2\n',
    [
      [{ device: '8:0', key: 'rbytes' }, 1],
      [{ device: '8:0', key: 'wios' }, 2],
    ],
  ],
  [
    'cpu.pressure',
    'some avg10=1.50 total=7\nfull avg10=0.00 total=0\n',
    [
      [{ kind: 'some', key: 'avg10' }, 1.5],
      [{ kind: 'some', key: 'total' }, 7],
      [{ kind: 'full', key: 'avg10' }, 0],
      [{ kind: 'full', key: 'total' }, 0],
    ],
  ],
  ['memory.events', '', []],
  ['io.stat', '8:0 \n', []],
])('reads %s', (file, text, expected) => {
  expect(parseFigures(file, text).map(({ labels, value }) => [labels, value])).toEqual(expected);
});
