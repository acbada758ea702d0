import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cgroupMode } from '../../src/jail/runtime/runtime.ts';
import { until } from '../support/jail-host.ts';
import { type Ended, startProdng } from '../support/prodng.ts';
import { makeUplink, type Uplink } from '../support/uplink.ts';
import { parseAttempts } from './attempts.ts';
import { runBare } from './bare-runtime.ts';
import { type HostCanaries, placeCanaries } from './host-canaries.ts';
import {
  type Declaration,
  declarations,
  limits,
  makeHostileJails,
  programPath,
  redeclared,
  volumePath,
} from './hostile-jail.ts';
import { type Column, escapeReport, successes, testedHost } from './report.ts';
import { testedHosts } from './tested-hosts.ts';

const scratch = mkdtempSync('/var/tmp/prodng-escape-');
// only prodng's own modes shall be in the way
chmodSync(scratch, 0o755);
const folders = {
  PRODNG_CACHE_DIR: join(scratch, 'cache'),
  PRODNG_STATE_DIR: join(scratch, 'state'),
  PRODNG_RUN_DIR: join(scratch, 'run'),
};
const neighbourAddress = '192.0.2.20';
const neighbourKey = 0x7072_6f64;

let uplink: Uplink;
let canaries: HostCanaries;
let debs: Map<string, string>;
let neighbour: { child: ChildProcess; ended: Promise<Ended>; pid: number };

/** Runs a jail with the log of the host's root as its standard error, in the network of our own. */
function start(declaration: Pick<Declaration, 'name' | 'address'>, name: string, argv: readonly string[]) {
  const into = ['nsenter', '--net', `--target=${uplink.host}`];
  const prefix = [...into, 'sh', '-c', `exec "$@" 2>>${canaries.log}`, 'sh'];
  const { address } = declaration;
  const network = ['--uplink', uplink.link, '--address', `${address}/24`, '--gateway', '192.0.2.1'];
  const options = ['--name', name, ...(address === undefined ? [] : network)];
  const command = ['run', debs.get(declaration.name) ?? '', ...options, '--', programPath, ...argv];
  return startProdng(command, { env: { ...folders, HOST_SECRET: 'secret' }, prefix });
}

function argvOf(
  { capabilities, address }: Pick<Declaration, 'capabilities' | 'address'>,
  router6: string,
): string[] {
  const isolated = [
    ...canaries.argv,
    `memory=${limits.memory}`,
    `pids=${limits.pids}`,
    `cpu=${limits.cpu}`,
    `capabilities=${capabilities}`,
    `volume=${volumePath}`,
    `volume-size=${limits.volume}`,
    `tmp-size=${limits.tmp}`,
    `run-folder=${folders.PRODNG_RUN_DIR}`,
    `neighbour=${neighbour.pid}`,
    `neighbour-key=${neighbourKey}`,
    `neighbour-volume=${join(folders.PRODNG_STATE_DIR, 'volumes/neighbour')}`,
  ];
  const network = ['router=192.0.2.1', `router6=${router6}`, `neighbour-address=${neighbourAddress}`];
  return address === undefined ? isolated : [...isolated, ...network, `address=${address}`];
}

/** All that is to be as before when a jail has done its worst. */
function look(): unknown {
  return { ...canaries.look(), neighbour: existsSync(`/proc/${neighbour.pid}`) && neighbour.child.exitCode };
}

/** The trees of the jails, as unpacked. */
function rootfses(): string[] {
  const jails = join(folders.PRODNG_CACHE_DIR, 'jails');
  return readdirSync(jails)
    .map((tree) => join(jails, tree, 'usr/lib/prodng/jails/hostile/rootfs'))
    .filter((path) => existsSync(path));
}

async function startNeighbour(): Promise<typeof neighbour> {
  const argv = ['other-program=neighbour', `volume=${volumePath}`, `neighbour-key=${neighbourKey}`];
  const { child, ended } = await start({ name: 'macvlan', address: neighbourAddress }, 'neighbour', argv);
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve);
    child.once('exit', () => reject(new Error(`the neighbour ended: ${readFileSync(canaries.log, 'utf8')}`)));
  });
  const pid = readdirSync('/proc').find((entry) => {
    const command = existsSync(`/proc/${entry}/cmdline`)
      ? readFileSync(`/proc/${entry}/cmdline`, 'utf8')
      : '';
    return command.startsWith(`${programPath}\0other-program=neighbour\0`);
  });
  return { child, ended, pid: Number(pid) };
}

/** What a kernel or virtual machine may lack altogether. */
const mayLack = new Set(['syscall-32-bit', 'syscall-32-bit-unshare']);

function unsupported({ attempts }: Column): string[] {
  return attempts.filter(({ outcome }) => outcome === 'unsupported').map(({ id }) => id);
}

let router6: string;
let bare: Column;
const jails: Column[] = [];

beforeAll(async () => {
  [uplink, canaries] = await Promise.all([makeUplink(), placeCanaries(join(scratch, 'outside'))]);
  router6 = await until(async () => {
    const shown = await uplink.on(uplink.router, 'ip', '-o', '-6', 'address', 'show', 'dev', 'port0');
    return /inet6 (fe80::[\da-f:]+)/.exec(shown.stdout)?.[1];
  });
  debs = await makeHostileJails(scratch);
  neighbour = await startNeighbour();
}, 900_000);

afterAll(async () => {
  neighbour?.child.kill('SIGTERM');
  await neighbour?.ended;
  await canaries?.remove();
  await uplink?.remove();
  rmSync(scratch, { recursive: true, force: true });
});

it('succeeds in a bare container more than forty times, or the suite would prove nothing', async () => {
  const [rootfs = ''] = rootfses();
  const argv = argvOf({ capabilities: 0 }, router6);
  const output = await runBare(join(scratch, 'bare'), rootfs, argv, canaries.log);
  bare = { title: 'the default of runc: root, 3 capabilities', attempts: parseAttempts(output), allowed: [] };
  expect(bare.attempts.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
  expect(successes(bare).length).toBeGreaterThan(40);
  // it may give the log of the host's root to all; the jails shall find it as it was
  chmodSync(canaries.log, 0o600);
}, 300_000);

describe.each(declarations)('$title', (declaration) => {
  it('tries everything in vain, and the host is as before', async () => {
    const before = look();
    const { ended } = await start(declaration, `hostile-${declaration.name}`, argvOf(declaration, router6));
    const { status, stdout } = await ended;
    const log = readFileSync(canaries.log, 'utf8').slice(-2000);
    expect({ status, log }).toMatchObject({ status: 0 });
    const column: Column = { ...declaration, attempts: parseAttempts(stdout) };
    jails.push(column);
    expect(column.attempts.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    // a jail must not be able to hide an attempt behind a lack of the host: a bare container lacks the same
    expect(unsupported(column)).toEqual(unsupported(bare));
    expect(unsupported(column).filter((id) => !mayLack.has(id))).toEqual([]);
    expect(column.attempts.length).toBeGreaterThanOrEqual(95);
    expect(successes(column)).toEqual([]);
    // what it declared must work: else a jail in which nothing works would pass
    const works = column.attempts.filter(({ outcome }) => outcome === 'succeeded').map(({ id }) => id);
    expect(works.sort()).toEqual([...declaration.allowed].sort());
    expect(look()).toEqual(before);
  }, 300_000);
});

it.each([
  ['a program is executed from memory, past noexec', 'memfd-execute'],
  ['a program is executed from memory, with MFD_EXEC', 'memfd-execute-asked'],
  ['IPV6_FREEBIND gives any process any address', 'spoof-freebind-ipv6'],
  ['IPV6_FREEBIND gives any process any link-local address', 'spoof-freebind-link-local'],
  ['CAP_NET_RAW gives packets another sender', 'spoof-raw'],
  ['CAP_NET_RAW gives frames, below the packet filter, to undeclared ports', 'spoof-frame'],
  ['CAP_NET_RAW answers ARP in the name of the router', 'spoof-arp'],
  ['many empty files on a tmpfs have the whole jail killed', 'inodes-tmpfs'],
  ['inotify on a device shared with the host tells of its use', 'host-device-watch'],
  ['flock on a device shared with the host locks it for all', 'host-device-lock'],
])('a hole once found stays closed: %s', (_, id) => {
  const found = jails.filter(({ attempts }) => attempts.some((attempt) => attempt.id === id));
  expect(found.length).toBeGreaterThan(0);
  expect(found.flatMap(successes).filter((attempt) => attempt.id === id)).toEqual([]);
});

it('starts no jail in a folder that the runtime has open, CVE-2024-21626', async () => {
  const places = [3, 6, 7, 8, 9].map((fd) => ({
    name: `fd${fd}`,
    fields: [`Jail-Workdir: /proc/self/fd/${fd}`],
  }));
  for (const place of places) {
    debs.set(place.name, redeclared(join(scratch, 'tree'), place));
    const { ended } = await start(place, `hostile-${place.name}`, ['other-program=run']);
    expect(await ended).toMatchObject({ status: 2, stdout: '' });
  }
});

it('leaves on a volume nothing that users of the host can reach', async () => {
  const volumes = join(folders.PRODNG_STATE_DIR, 'volumes');
  const planted = readdirSync(volumes, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith('/set-uid'),
  );
  expect(planted).toBeDefined();
  const path = join(volumes, planted ?? '');
  // it belongs to the host's root: only the folders above stand before it
  expect(statSync(path)).toMatchObject({ mode: 0o106755, uid: 0 });
  const { error } = spawnSync(path, ['other-program=run'], { uid: 65534, gid: 65534 });
  expect(error).toMatchObject({ code: 'EACCES' });
});

it('stands in the documents as it went', () => {
  const [developer, production] = testedHosts;
  const isProduction = cgroupMode() === 'v2';
  const here = testedHost((isProduction ? production : developer).host, [bare, ...jails]);
  console.log(JSON.stringify(here));
  const report = escapeReport(bare, jails, isProduction ? [developer, here] : [here, production]);
  const path = 'docs/escape-suite.md';
  if (process.env.ESCAPE_REPORT === 'write') writeFileSync(path, report);
  const documented = readFileSync(path, 'utf8');
  expect(idsOf(documented)).toEqual(idsOf(report));
  expect(totalsOf(documented)).toEqual(totalsOf(report));
});

/** How many of how many succeeded: of the container of runc, that differs between kernels. */
function totalsOf(report: string): string[] {
  return [...report.matchAll(/^\| \d+ \|.*\d+ of \d+.*/gm)].map(([line]) => line);
}

/** What an errno is called may differ between kernels: the attempts may not. */
function idsOf(report: string): string[] {
  return [...report.matchAll(/^\| (`[\w-]+`) \| ([^|]+) \|/gm)].map(([, id, what]) => `${id} ${what}`);
}
