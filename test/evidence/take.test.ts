import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { BundleWriter } from '../../src/evidence/bundle/bundle-writer.ts';
import { collectProcess } from '../../src/evidence/collect/processes.ts';
import { defaultLimits } from '../../src/evidence/limits.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { program as cli, type Ended, until } from '../support/jail-host.ts';
import { makeImplant } from './implanted.ts';
import { unpackBundle } from './unpacked-bundle.ts';

let host: AgentHost;
let bundle: string;
let keyring: string;
let unpacked: string;

const script = `#!/bin/sh
export TOKEN=hunter2
echo planted > /var/lib/box/note
echo secret-of-the-deleted > /var/lib/box/gone
tail -f /var/lib/box/gone &
nc -l -p 7070 &
sleep 1
rm /var/lib/box/gone
/bin/implant &
echo up
exec sleep 5000
`;
const fields =
  'Jail-Command: /bin/start\nJail-Memory: 64M\nJail-Filesystem: rw /var/lib/box\nJail-Network: none';

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  const programs = { 'bin/implant': makeImplant(host.folder) };
  await host.ok(
    'install',
    await host.jail({ fields, programs, files: { 'bin/start': script }, whole: true }),
  );
  await until(async () => (await host.ok('ps', host.name)).includes('[kworker] run'));
  bundle = join(host.folder, 'one.tar.zst');
  await host.ok('evidence', 'take', host.name, '--memory', '--reason', 'an odd process', '-o', bundle);
  keyring = join(host.folder, 'host.asc');
  await host.ok(
    'key',
    'export',
    `evidence@${execFileSync('hostname', { encoding: 'utf8' }).trim()}`,
    '-o',
    keyring,
  );
  unpacked = unpackBundle(bundle, join(host.folder, 'unpacked'));
});

afterAll(async () => {
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const read = (path: string) => readFileSync(join(unpacked, path), 'utf8');
const json = (path: string) => JSON.parse(read(path));
const freezerState = () => {
  const [folder = ''] = readdirSync('/sys/fs/cgroup/freezer').filter((name) => name.includes(host.name));
  return readFileSync(`/sys/fs/cgroup/freezer/${folder}/freezer.state`, 'utf8').trim();
};
const pidOf = (command: string) =>
  readdirSync(join(unpacked, 'process')).find(
    (pid) => /^\d+$/.test(pid) && read(`process/${pid}/cmdline`).replaceAll('\0', ' ').startsWith(command),
  ) ?? 'none';

it('leaves the jail running, and nothing of its own', async () => {
  expect(await host.summary()).toMatchObject({ state: 'running', restarts: 0 });
  expect(readdirSync(join(host.folder, 'state/evidence'))).toEqual([]);
  expect(notes()).toEqual([]);
});

it('is verified elsewhere: by the key alone, and against the event log, which names it', async () => {
  const elsewhere = { env: { PRODNG_STATE_DIR: join(host.folder, 'elsewhere') } };
  const said = await host.prodng(['evidence', 'verify', bundle, '--keyring', keyring], elsewhere);
  expect(said).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('files, all as signed by ProdNG host'),
  });
  const unknown = await host.prodng(['evidence', 'verify', bundle], elsewhere);
  expect(unknown).toMatchObject({ status: 1, stdout: expect.stringContaining('not in the keyring') });
  const events = join(host.folder, 'state/events.jsonl');
  await host.ok('evidence', 'verify', bundle, '--events', events);
  const before = join(host.folder, 'before.jsonl');
  writeFileSync(before, readFileSync(events, 'utf8').split('\n').slice(0, 2).join('\n').concat('\n'));
  const other = await host.prodng(['evidence', 'verify', bundle, '--events', before]);
  expect(other).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('no later record names the bundle'),
  });
});

it('has the processes, sockets, files and figures that the kernel has', async () => {
  const table = JSON.parse(await host.ok('ps', '--format', 'json', host.name)) as { pid: number }[];
  const pids = readdirSync(join(unpacked, 'process')).filter((name) => /^\d+$/.test(name));
  expect(new Set(pids.map(Number))).toEqual(new Set(table.map(({ pid }) => pid)));
  const nc = pidOf('nc');
  expect(json('network/sockets.json')).toContainEqual(
    expect.objectContaining({
      state: 'listening',
      local: expect.stringMatching(/:7070$/),
      pids: [Number(nc)],
    }),
  );
  expect(json(`process/${nc}/links.json`)).toMatchObject({ exe: '/bin/busybox' });
  expect(json(`process/${nc}/fds.json`)).toContainEqual(
    expect.objectContaining({ target: expect.stringMatching(/^socket:/) }),
  );
  expect(json('jail/in-force.json')).toMatchObject({
    noNewPrivileges: true,
    limits: { memory: 64 * 2 ** 20 },
  });
  expect(read('jail/control')).toContain('Jail-Memory: 64M');
  expect(read('cgroup/memory/memory.limit_in_bytes')).toBe('67108864\n');
  expect(read('jail/log')).toContain('stdout F up');
  const volume = read('volumes/var_lib_box.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const sha256 = execFileSync('sha256sum', { input: 'planted\n', encoding: 'utf8' }).slice(0, 64);
  expect(volume).toEqual([expect.objectContaining({ path: 'note', type: 'file', sha256 })]);
});

it('has what no file system has any more: a program in a memfd, a deleted file', async () => {
  const implant = readFileSync(join(host.folder, 'implant'));
  const unnamed = (folder: string, pid: string) => {
    const place = join(folder, 'process', pid, 'unnamed');
    return readdirSync(place).map((name) => [name, readFileSync(join(place, name))] as const);
  };
  expect(unnamed(unpacked, pidOf('[kworker]'))).toEqual([[expect.stringMatching(/^fd-\d+$/), implant]]);
  const [deleted] = unnamed(unpacked, pidOf('tail'));
  expect(deleted?.[1].toString()).toBe('secret-of-the-deleted\n');
  // jails execute nothing from memory: this one is outside
  const child = spawn(join(host.folder, 'implant'));
  try {
    const pid = child.pid ?? 0;
    await until(() => readlinkSync(`/proc/${pid}/exe`).includes('memfd:'));
    const output = join(host.folder, 'process.tar.zst');
    const writer = new BundleWriter(output, defaultLimits, new Date());
    await collectProcess(writer, pid, { secrets: false, fileBytes: 2 ** 20 });
    await writer.finish(async () => '{}');
    await writer.close();
    const folder = unpackBundle(output, join(host.folder, 'process'));
    expect(unnamed(folder, String(pid))).toContainEqual(['exe', implant]);
  } finally {
    child.kill('SIGKILL');
  }
});

it('keeps the values of variables to itself, unless told otherwise', async () => {
  expect(read(`process/${pidOf('tail')}/environ`)).toContain('TOKEN=<redacted, 7 bytes>');
  expect(read('jail/config.json')).toContain('<redacted');
  const whole = join(host.folder, 'secrets.tar.zst');
  await host.ok('evidence', 'take', host.name, '--secrets', '-o', whole);
  const folder = unpackBundle(whole, join(host.folder, 'secrets'));
  expect(readFileSync(join(folder, `process/${pidOf('tail')}/environ`), 'utf8')).toContain('TOKEN=hunter2');
});

it('has memory that gdb reads: registers, mappings, a heap', () => {
  const pid = pidOf('[kworker]');
  const program = join(host.folder, 'implant');
  const core = join(unpacked, `memory/${pid}.core`);
  const maps = read(`process/${pid}/maps`);
  const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) .*\[heap\]$/m.exec(maps) ?? [];
  const commands = [
    'info proc',
    'info registers rip',
    `find 0x${from}, 0x${to}-1, "MARKER-heap"`,
    'x/s $_',
    'info proc mappings',
  ];
  const argv = ['--batch', '-nx', ...commands.flatMap((command) => ['-ex', command]), program, core];
  const { stdout, stderr } = spawnSync('gdb', argv, { encoding: 'utf8' });
  expect(stdout + stderr).toContain('"MARKER-heap"');
  expect(stdout).toContain("exe = '[kworker] run'");
  expect(stdout).toMatch(/rip +0x[0-9a-f]+ .*<pause/);
  expect(stdout).toMatch(/0x[0-9a-f]+ .* \/bin\/implant$/m);
  expect(spawnSync('readelf', ['-hln', core], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

it('tells the story in order, to people and to mactime', async () => {
  const lines = (await host.ok('evidence', 'timeline', bundle)).trimEnd().split('\n');
  const times = lines.map((line) => line.slice(0, 24));
  expect(times).toEqual(times.toSorted());
  const at = (what: string) => lines.findIndex((line) => line.includes(what));
  expect(at('] run')).toBeGreaterThan(at('tail -f'));
  expect(at(' installed version=')).toBeGreaterThan(-1);
  expect(at('volume var_lib_box: note')).toBeGreaterThan(at(' installed version='));
  expect(at('evidence  thawed')).toBeGreaterThan(at('evidence  frozen'));
  const body = join(host.folder, 'body');
  writeFileSync(body, await host.ok('evidence', 'timeline', '--format', 'body', bundle));
  const { stdout, status } = spawnSync('mactime', ['-b', body, '-z', 'UTC', '-d'], { encoding: 'utf8' });
  expect({ status, stdout }).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('var_lib_box: note'),
  });
  expect(stdout.trim().split('\n').length).toBeGreaterThan(10);
  const page = await host.ok('evidence', 'show', '--format', 'html', bundle);
  expect(page).toContain('<td>[kworker] run</td>');
  expect(page).not.toMatch(/<script/i);
});

it('says which files of the tree are not as their .deb has them', async () => {
  const trees = join(host.folder, 'state/installed/jails');
  const [tree = ''] = readdirSync(trees).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const rootfs = join(trees, tree, `usr/lib/prodng/jails/${host.name}/rootfs`);
  expect(json('rootfs/changes.json')).toMatchObject({ changed: [], missing: [], added: [] });
  expect(json('rootfs/changes.json').compared).toBeGreaterThan(4);
  const group = readFileSync(join(rootfs, 'etc/group'));
  try {
    writeFileSync(join(rootfs, 'etc/group'), 'root:x:0:jail\n');
    writeFileSync(join(rootfs, 'bin/extra'), 'more');
    const other = join(host.folder, 'changed.tar.zst');
    await host.ok('evidence', 'take', host.name, '-o', other);
    const folder = unpackBundle(other, join(host.folder, 'changed'));
    const changes = JSON.parse(readFileSync(join(folder, 'rootfs/changes.json'), 'utf8'));
    expect(changes).toMatchObject({ changed: ['etc/group'], missing: [], added: ['bin/extra'] });
  } finally {
    writeFileSync(join(rootfs, 'etc/group'), group);
    execFileSync('rm', [join(rootfs, 'bin/extra')]);
  }
});

it('does what docs/evidence.md shows', async () => {
  const text = readFileSync('docs/evidence.md', 'utf8');
  const commands = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines = '']) => lines).join('');
  expect(commands.split('\n').length).toBeGreaterThan(6);
  const work = join(host.folder, 'docs');
  mkdirSync(work);
  const shell = `set -eux\nprodng() { '${process.execPath}' '${cli}' "$@"; }\n${commands.replaceAll(/\bweb\b/g, host.name)}`;
  const said = spawnSync('bash', ['-c', shell], { cwd: work, env: host.env, encoding: 'utf8' });
  expect(said).toMatchObject({ status: 0, stdout: expect.stringContaining('all as signed by ProdNG host') });
  expect(readdirSync(work)).toContain(`${host.name}.html`);
});

it('matches YARA rules with files and memory, by rules that the agent may read', async () => {
  const rules = join(host.folder, 'etc/yara');
  mkdirSync(rules);
  writeFileSync(
    join(rules, 'a.yar'),
    'rule planted { strings: $a = "planted" $b = "TOKEN=hunter2" condition: any of them }\n',
  );
  const take = (file: string, ...more: string[]) =>
    host.prodng(['evidence', 'take', host.name, '-o', join(host.folder, file), '--json', ...more]);
  const taken = await take('yara.tar.zst', '--memory', '--yara', rules);
  const { matches }: { matches: number } = JSON.parse(taken.stdout);
  const folder = unpackBundle(join(host.folder, 'yara.tar.zst'), join(host.folder, 'yara'));
  const scan = JSON.parse(readFileSync(join(folder, 'scan/yara.json'), 'utf8'));
  expect(scan.matches).toHaveLength(matches);
  expect(scan.matches).toContainEqual({
    rule: 'planted',
    target: `${host.name}: volume /var/lib/box: note`,
  });
  expect(scan.matches.some(({ target }: { target: string }) => target.includes('memory of'))).toBe(true);
  expect(await host.ok('events')).toMatch(/evidence-taken.* matches=[1-9]/);

  writeFileSync(join(rules, 'b.yar'), 'rule broken {');
  expect(await take('none', '--yara', rules)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/b\.yar/),
  });
  for (const outside of ['/etc/shadow', `${rules}/../agent.json`])
    expect(
      (await host.api('POST', `/v1/jails/${host.name}/evidence`, JSON.stringify({ yara: outside }))).body,
    ).toContain('the agent takes YARA rules from');
  expect(existsSync(join(host.folder, 'none'))).toBe(false);
  expect(freezerState()).toBe('THAWED');
});

it('never replaces a file, and leaves a frozen jail frozen', async () => {
  expect(await host.prodng(['evidence', 'take', host.name, '-o', bundle])).toMatchObject({ status: 2 });
  await host.ok('freeze', host.name);
  await host.ok('evidence', 'take', host.name, '-o', join(host.folder, 'frozen.tar.zst'));
  expect(await host.summary()).toMatchObject({ state: 'frozen' });
  await host.ok('thaw', host.name);
});

it('says that the disk is full, keeps nothing, and thaws', async () => {
  const small = join(host.folder, 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', small]);
  try {
    await host.endAgent('SIGTERM');
    const said = await host.prodng([
      'evidence',
      'take',
      host.name,
      '--memory',
      '-o',
      join(small, 'x.tar.zst'),
    ]);
    expect(said).toMatchObject({ status: 2, stderr: expect.stringMatching(/No space left|disk full/i) });
    expect(readdirSync(small)).toEqual([]);
    expect(freezerState()).toBe('THAWED');
  } finally {
    execFileSync('umount', [small]);
  }
});

it('needs no agent', async () => {
  await host.endAgent('SIGTERM');
  const file = join(host.folder, 'alone.tar.zst');
  await host.ok('evidence', 'take', host.name, '-o', file);
  await host.ok('evidence', 'verify', file, '--events', join(host.folder, 'state/events.jsonl'));
  await host.startAgent();
  expect(await host.summary()).toMatchObject({ state: 'running', restarts: 0 });
  expect(await host.ok('events', '--verify')).toContain('chain intact');
});

it('thaws and keeps nothing when its process is killed in the middle', { timeout: 300_000 }, async () => {
  for (const victim of ['collector', 'agent'] as const) {
    const output = join(host.folder, `${victim}.tar.zst`);
    let ended: Ended | undefined;
    const taking = host.prodng(['evidence', 'take', host.name, '--memory', '-o', output]).then((end) => {
      ended = end;
      return end;
    });
    const collector = await until(() => {
      if (ended !== undefined) throw new Error(`it has ended: ${JSON.stringify(ended)}`);
      return freezerState() === 'FROZEN' ? stoppedInTheMiddle(host.agent().pid ?? 0) : undefined;
    });
    process.kill(victim === 'agent' ? (host.agent().pid ?? 0) : collector, 'SIGKILL');
    const { status } = await taking;
    await until(() => freezerState() === 'THAWED');
    // without an agent the command does it itself
    expect({ victim, status }).toEqual({ victim, status: victim === 'agent' ? 0 : 2 });
    expect(existsSync(output)).toBe(victim === 'agent');
    if (victim === 'agent') await host.startAgent();
    await until(() => notes().length === 0);
    expect(readdirSync(join(host.folder, 'state/evidence'))).toEqual([]);
    expect(await host.summary()).toMatchObject({ state: 'running', restarts: 0 });
  }
});

it('finishes a bundle whose event was written when the agent was killed, and removes one without', async () => {
  const folder = join(host.folder, 'state/evidence');
  const { body } = await host.api('POST', `/v1/jails/${host.name}/evidence`, '{}');
  const { id } = z.object({ id: z.string() }).parse(JSON.parse(body));
  await host.endAgent('SIGKILL');
  renameSync(join(folder, `${id}.tar.zst`), join(folder, `${id}.unfinished`));
  writeFileSync(join(folder, '0123456789abcdef.unfinished'), 'no event');
  await host.startAgent();
  expect(readdirSync(folder)).toEqual([`${id}.tar.zst`]);
  await host.api('DELETE', `/v1/evidence/${id}`);
});

/** Stops the collector while the jail is frozen, so that it cannot end before what is killed here. */
function stoppedInTheMiddle(agent: number): number | undefined {
  const collector = collectorOf(agent);
  if (collector === undefined) return undefined;
  process.kill(collector, 'SIGSTOP');
  if (freezerState() === 'FROZEN') return collector;
  process.kill(collector, 'SIGCONT');
  return undefined;
}

function collectorOf(agent: number): number | undefined {
  const children = readFileSync(`/proc/${agent}/task/${agent}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  return children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('evidence-collect'));
}

function notes(): string[] {
  return readdirSync(join(host.folder, 'run/agent/frozen')).filter((name) => name.endsWith('.json'));
}
