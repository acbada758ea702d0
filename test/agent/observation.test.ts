import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ObservedFigures } from '../../src/agent/observation/figures.ts';
import type { Profile } from '../../src/observe/profile.ts';
import { until } from '../support/jail-host.ts';
import { byTruth, makeObservedHost, type ObservedHost, withoutTypes } from './observed-host.ts';

let host: ObservedHost;

beforeEach(async () => {
  host = await makeObservedHost();
});

afterEach(async () => {
  expect(await host.end()).toEqual([]);
});

const programs = ({ programs: all }: Profile) =>
  all.map(({ path, origin, executed }) => `${origin} ${path} ${executed}`).sort();

it('observes each jail from its first instruction, and tells what was executed from outside', async () => {
  await host.startAgent();
  await host.installed('/bin/truth capabilities CHOWN; exec /bin/sleep 5000');
  await host.ok('exec', host.name, '--', '/bin/truth', 'many', '0');
  const seen = await until(async () => {
    const now = await host.profile();
    return now.programs.some(({ path }) => path === '/bin/sleep') ? now : undefined;
  });
  expect(seen).toMatchObject({ mode: 'base', fromStart: true, calls: [], files: [] });
  expect(Object.values(seen.lost).every((lost) => lost === 0)).toBe(true);
  expect(programs(seen)).toEqual([
    'entered /bin/truth 1',
    'service /bin/sh 1',
    'service /bin/sleep 1',
    'service /bin/truth 1',
  ]);
  expect(byTruth(seen, seen.capabilities)).toMatchObject([
    { capability: 'CAP_CHOWN', granted: 0, denied: 1 },
  ]);
  expect(await host.summary()).toMatchObject({ observed: { mode: 'base' } });
  const [process] = (await host.json('ps', '--json', host.name)) as { observed: unknown }[];
  expect(process).toMatchObject({
    command: '/bin/sleep 5000',
    observed: {
      used: [],
      denied: expect.not.arrayContaining(['CAP_CHOWN']) as unknown,
      connections: 0,
      executed: 2,
    },
  });
  expect(await host.ok('ps', '--observed', host.name)).toMatch(
    /^JAIL +PID +USED +DENIED +REFUSED.*\n.* SETGID,SETUID .*sleep 5000\n$/,
  );
  expect(await host.ok('ls')).toMatch(/OBSERVED.*\n.* base /);
  const { body } = await host.api('GET', '/metrics');
  expect(body).toContain(`prodng_jail_observed{jail="${host.name}",mode="base"} 1`);
  const denied = `prodng_jail_capability_checks_total{jail="${host.name}",capability="CAP_CHOWN",result="denied"} 1`;
  expect(body).toContain(denied);
});

it('counts on while there is no agent: 50,000 calls of 50,000', { timeout: 400_000 }, async () => {
  await host.configure({ mode: 'record' });
  await host.startAgent();
  const wait = 'while ! [ -e /var/lib/box/go ]; do sleep 0.1; done';
  await host.installed(`${wait}; /bin/truth threads 8 6250; touch /var/lib/box/done; exec /bin/sleep 5000`);
  const { jail } = JSON.parse(await readFile(noteFile(), 'utf8')) as { jail: number };
  await host.endAgent('SIGKILL');
  await writeFile(join(host.volume(), 'go'), '');
  await until(() => existsSync(join(host.volume(), 'done')));
  await host.startAgent();
  expect(JSON.parse(await readFile(noteFile(), 'utf8'))).toMatchObject({ jail, mode: 'record' });
  const seen = await host.profile();
  expect(seen).toMatchObject({ mode: 'record', fromStart: true, runs: 1 });
  const made = byTruth(seen, seen.calls).find(({ call }) => call === 'getppid');
  expect(made?.entered).toBe(50_000);
  await until(async () =>
    (await host.api('GET', `/v1/jails/${host.name}/processes`)).body.includes('sleep 5000'),
  );
  await sumsEqualTheProfile();
  await historyGoesOn();
});

it('runs jails on a host that cannot observe them, and says so', async () => {
  await host.startAgent({}, undefined, withoutTypes);
  await host.installed('exec /bin/sleep 5000');
  const { observed } = (await host.summary()) as { observed: { mode: string; fault: string } };
  expect(observed).toMatchObject({
    mode: 'off',
    fault: expect.stringContaining('cannot be observed') as string,
  });
  expect(await host.ok('ls')).toMatch(/ FAILED /);
  const { body } = await host.api('GET', '/metrics');
  expect(body).toContain(`prodng_jail_observation_failed{jail="${host.name}"} 1`);
  expect(await host.ok('events')).toMatch(/observation-failed {2}reason=/);
  const audited = await host.prodng(['audit', host.name]);
  expect(audited).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('nothing was observed') as string,
  });
});

/** What prodng stats says of a jail are the sums of its profile, with the processes that have ended. */
async function sumsEqualTheProfile(): Promise<void> {
  const { programs: executed, calls, files, capabilities, connections } = await host.profile();
  const sum = (entries: readonly { count: number }[]) => entries.reduce((all, { count }) => all + count, 0);
  const observed = await observedSums();
  const names = (kept: typeof capabilities) => new Set(kept.map(({ capability }) => capability));
  expect({
    ...observed,
    used: new Set(observed.used),
    denied: new Set(observed.denied),
  }).toEqual({
    used: names(capabilities.filter(({ granted }) => granted > 0)),
    denied: names(capabilities.filter(({ denied, host: onHost }) => denied + onHost > 0)),
    executed: executed.reduce((all, each) => all + each.executed, 0),
    connections: sum(connections.filter(({ way }) => way === 'connected' || way === 'failed')),
    refused: calls.reduce((all, { refused }) => all + refused, 0),
    opened: sum(files.filter(({ kind }) => ['read', 'written', 'created'].includes(kind))),
  });
  // clone3 of each thread
  expect(observed.refused).toBe(8);
  expect(observed.opened).toBeGreaterThan(0);
  expect(await host.ok('stats', '--observed')).toMatch(
    new RegExp(`^NAME +USED +DENIED .*OPENED\\n${host.name} .* ${String(observed.opened)}\\n$`),
  );
  expect(await host.ok('top', '--observed', '-n', '1', host.name)).toMatch(
    /USED.*\n.*\n\nPID.*USED.*COMMAND\n.*sleep 5000\n/,
  );
}

async function observedSums(): Promise<ObservedFigures> {
  const [stats] = JSON.parse((await host.api('GET', '/v1/stats')).body) as [{ observed: ObservedFigures }];
  return stats.observed;
}

async function historyGoesOn(): Promise<void> {
  const history = async (query = '') =>
    JSON.parse((await host.api('GET', `/v1/jails/${host.name}/history${query}`)).body) as Record<
      string,
      number[]
    >;
  const observed = await observedSums();
  const seen = await until(async () => {
    const now = await history();
    return (now.time?.length ?? 0) >= 3 && now.executed?.at(-1) === observed.executed ? now : undefined;
  });
  for (const column of ['opened', 'executed', 'refused', 'connections'] as const)
    expect(seen[column]?.at(-1)).toBe(observed[column]);
  expect(seen.pids?.at(-1)).toBe(1);
  expect(seen.memory?.at(-1)).toBeGreaterThan(0);
  const lengths = Object.values(seen).flatMap((each) => (Array.isArray(each) ? [each.length] : []));
  expect(lengths).toEqual(Array.from({ length: 14 }, () => seen.time?.length));
  const later = await history(`?since=${seen.time?.[1]}`);
  expect(later.time?.[0]).toBe(seen.time?.[2]);
  expect((await host.api('GET', '/v1/jails/none/history')).status).toBe(404);
}

function noteFile(): string {
  const folder = join(host.folder, 'run/agent/observed');
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return join(folder, file);
}
