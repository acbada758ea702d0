import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../support/jail-host.ts';
import { byTruth, makeObservedHost, type ObservedHost } from './observed-host.ts';

let host: ObservedHost;

beforeEach(async () => {
  host = await makeObservedHost();
});

afterEach(async () => {
  expect(await host.end()).toEqual([]);
});

it('keeps the profile of a run that has ended without an agent, and of each run, within a quota', async () => {
  await host.configure({ runs: 2 });
  await host.startAgent();
  await host.installed('exec /bin/sleep 5000');
  const { pid } = (await host.summary()) as { pid: number };
  await host.endAgent('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await host.startAgent();
  const entries = async () => {
    const { body } = await host.api('GET', `/v1/jails/${host.name}/profiles`);
    return JSON.parse(body) as { id: string; size?: number }[];
  };
  await until(async () => (await entries()).some(({ size }) => size !== undefined));
  for (let round = 0; round < 3; round++) await host.ok('restart', host.name);
  const kept = await entries();
  expect(kept.map(({ size }) => typeof size)).toEqual(['number', 'number', 'undefined']);
  const files = readdirSync(join(host.folder, 'state/profiles', host.name));
  expect(files.sort()).toEqual([...kept.slice(0, 2).map(({ id }) => `${id}.json`), 'index.json'].sort());
  expect((await host.profile()).runs).toBe(3);
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  await host.startAgent();
  expect(existsSync(join(host.folder, 'state/profiles', host.name))).toBe(false);
});

it('records or leaves alone what the operator says, and audits it', async () => {
  await host.startAgent();
  await host.installed('/bin/truth many 3; exec /bin/sleep 5000');
  await host.ok('set', host.name, 'observe=record');
  await host.ok('restart', host.name);
  const recorded = await until(async () => {
    const now = await host.profile();
    return now.programs.some(({ path }) => path === '/bin/sleep') ? now : undefined;
  });
  expect(recorded).toMatchObject({ mode: 'record', fromStart: true });
  expect(byTruth(recorded, recorded.files)).toHaveLength(3);
  const audited = await host.prodng(['audit', '--json', host.name]);
  const [audit] = JSON.parse(audited.stdout) as { subject: string; findings: { tag: string }[] }[];
  expect(audit).toMatchObject({ subject: host.name, record: { whole: true, mode: 'record' } });
  expect(audit?.findings.map(({ tag }) => tag)).toContain('volume-never-written');
  expect((await host.prodng(['audit', '--all', '--fail-on', 'never'])).status).toBe(0);
  await host.ok('set', host.name, 'observe=off');
  await host.ok('restart', host.name);
  expect(await host.summary()).toMatchObject({ observed: { mode: 'off' } });
});

it('records a new version first, for as long as agent.json says', async () => {
  await host.configure({ recordNew: 1 });
  await host.startAgent();
  await host.installed('exec /bin/sleep 5000');
  expect(await host.summary()).toMatchObject({ observed: { mode: 'record' } });
  await host.ok('restart', host.name);
  expect(await host.summary()).toMatchObject({ observed: { mode: 'base' } });
});
