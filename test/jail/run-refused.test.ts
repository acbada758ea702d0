import { existsSync, readdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRuntime } from '../../src/jail/runtime/runtime.ts';
import { ar, base256, file, folder, hardLink, rawEntry, symlink, tar } from '../archive/raw-archive.ts';
import { type JailHost, makeJailHost } from '../support/jail-host.ts';

let host: JailHost;

beforeEach(async () => {
  host = await makeJailHost();
});

afterEach(async () => {
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

/** A runtime that changes the configuration before the real one gets it: what it was asked for is not what it does. */
function lyingRuntime(lie: (spec: Spec) => void): string {
  const path = join(host.folder, 'liar');
  const script = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const argv = process.argv.slice(2);
if (argv.includes('create')) {
  const file = argv[argv.indexOf('--bundle') + 1] + '/config.json';
  const spec = JSON.parse(readFileSync(file, 'utf8'));
  (${lie.toString()})(spec);
  writeFileSync(file, JSON.stringify(spec));
}
const { spawnSync } = require('node:child_process');
process.exit(spawnSync('${findRuntime().path}', argv, { stdio: 'inherit' }).status);
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

/** The type of what the runtime is told, open to any change. */
interface Spec {
  process: {
    capabilities: Record<string, string[]>;
    noNewPrivileges: boolean;
    rlimits: { type: string }[];
    user: { uid: number; additionalGids: number[] };
  };
  root: { readonly: boolean };
  mounts: { destination: string; type: string; source: string; options: string[] }[];
  linux: {
    seccomp: object | undefined;
    uidMappings: { hostID: number }[];
    maskedPaths: string[];
    readonlyPaths: string[];
    cgroupsPath: string;
    namespaces: { type: string }[];
    resources: {
      memory: { limit: number; swap: number } | undefined;
      pids: { limit: number };
      cpu: { quota: number };
    };
  };
}

describe('a runtime that does not do as configured', () => {
  it.each<[string, (spec: Spec) => void, string]>([
    [
      'a capability too many',
      (spec) => {
        for (const set of Object.values(spec.process.capabilities)) set.push('CAP_SYS_ADMIN');
      },
      'CapEff is CAP_SYS_ADMIN',
    ],
    [
      'one too many in the bounding set only',
      (spec) => {
        spec.process.capabilities.bounding = ['CAP_CHOWN'];
      },
      'CapBnd is CAP_CHOWN',
    ],
    [
      'new privileges allowed',
      (spec) => {
        spec.process.noNewPrivileges = false;
      },
      'no_new_privs: false instead of true',
    ],
    [
      'no seccomp filter',
      (spec) => {
        spec.linux.seccomp = undefined;
      },
      'Seccomp: 0 instead of 2',
    ],
    [
      'another uid range',
      (spec) => {
        for (const map of spec.linux.uidMappings) map.hostID += 65536;
      },
      'uid_map: 0 1879',
    ],
    [
      'more groups',
      (spec) => {
        spec.process.user.additionalGids.push(42);
      },
      'the groups: ',
    ],
    [
      'root instead of the user',
      (spec) => {
        spec.process.user.uid = 0;
      },
      'the uids: ',
    ],
    [
      'a mount that is not declared',
      (spec) => {
        spec.mounts.push({ destination: '/run', type: 'tmpfs', source: 'x', options: [] });
      },
      '/run is mounted (tmpfs) and not declared',
    ],
    [
      'a tmpfs that is larger',
      (spec) => {
        spec.mounts.at(-1)?.options.push('size=8m');
      },
      'the tmpfs /tmp holds 8388608 bytes instead of 1M',
    ],
    [
      'a tmpfs to execute from',
      (spec) => {
        for (const mount of spec.mounts)
          mount.options = mount.options.filter((option) => option !== 'noexec');
      },
      '/tmp is not noexec',
    ],
    [
      'no mount where one is declared',
      (spec) => {
        spec.mounts.pop();
      },
      '/tmp is not mounted',
    ],
    [
      'a /proc that shows everything',
      (spec) => {
        spec.linux.maskedPaths = [];
      },
      '/proc/keys is not mounted',
    ],
    [
      'a /proc/sys to write to',
      (spec) => {
        spec.linux.readonlyPaths = [];
      },
      '/proc/sys is not mounted',
    ],
    [
      'more memory',
      (spec) => {
        spec.linux.resources.memory = { limit: 2 ** 27, swap: 2 ** 27 };
      },
      'the memory limit: 128M instead of 64M',
    ],
    [
      'no memory limit',
      (spec) => {
        spec.linux.resources.memory = undefined;
      },
      'the memory limit: ',
    ],
    [
      'more processes',
      (spec) => {
        spec.linux.resources.pids.limit = 33;
      },
      'the limit of processes: 33 instead of 32',
    ],
    [
      'more processor time',
      (spec) => {
        spec.linux.resources.cpu.quota = 100_000;
      },
      'the CPU limit: 100% instead of 50%',
    ],
    [
      'another control group',
      (spec) => {
        spec.linux.cgroupsPath += '-else';
      },
      'its control group: ',
    ],
    [
      "the host's ipc namespace",
      (spec) => {
        spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== 'ipc');
      },
      "its ipc namespace is the host's",
    ],
    [
      'core dumps',
      (spec) => {
        spec.process.rlimits = spec.process.rlimits.filter(({ type }) => type !== 'RLIMIT_CORE');
      },
      'the core limit: ',
    ],
  ])('is caught at %s, before the service runs', async (_, lie, difference) => {
    const fields = 'Jail-Command: /bin/echo ran\nJail-Filesystem: tmp /tmp size=1M';
    const argv = ['run', await host.jail({ fields }), '--runtime', lyingRuntime(lie)];
    const { status, stdout, stderr } = await host.prodng(argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(difference);
    removeElsewhere();
  });
});

/** The runtime made that control group for itself: no record of ours names it. */
function removeElsewhere(): void {
  const top = '/sys/fs/cgroup';
  for (const folder of [top, ...readdirSync(top).map((name) => join(top, name))]) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    const made = readdirSync(folder).filter(
      (name) => name.startsWith(`prodng-${host.name}-`) && name.endsWith('-else'),
    );
    for (const name of made) rmdirSync(join(folder, name));
  }
}

describe('a hostile .deb', () => {
  const rootfs = () => `usr/lib/prodng/jails/${host.name}/rootfs`;

  async function hostile(...entries: Buffer[]): Promise<string> {
    const control =
      `Package: ${host.name}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n` +
      'Jail-Format: 1\nJail-Command: /bin/true\n';
    const controlTar = tar(rawEntry({ name: './control', content: control }));
    const path = join(host.folder, 'hostile.deb');
    await writeFile(
      path,
      ar(['debian-binary', '2.0\n'], ['control.tar', controlTar], ['data.tar', tar(...entries)]),
    );
    return path;
  }

  it.each<[string, () => Buffer[], string]>([
    ['leads upwards', () => [file('../../evil')], '../../evil'],
    ['is absolute', () => [file('/tmp/evil-prodng')], '/tmp/evil-prodng'],
    ['goes through a link', () => [symlink('usr', 'var'), file('usr/evil')], 'usr: not a folder'],
    ['is a device', () => [rawEntry({ name: `${rootfs()}/null`, typeflag: '3' })], '/null'],
    ['is a fifo', () => [rawEntry({ name: `${rootfs()}/fifo`, typeflag: '6' })], '/fifo'],
    [
      'is a hard link to the host',
      () => [hardLink(`${rootfs()}/shadow`, '../../../../../../etc/shadow')],
      'etc/shadow',
    ],
    ['links out of the tree', () => [symlink('usr/out', '/etc')], 'usr/out'],
    ['is there twice', () => [file(`${rootfs()}/twice`), file(`${rootfs()}/twice`)], '/twice'],
    ['has a size of 2^63', () => [rawEntry({ name: 'huge', sizeField: base256(2n ** 63n) })], 'huge'],
    ['is sparse', () => [rawEntry({ name: 'sparse', typeflag: 'S' })], 'sparse'],
  ])('with an entry that %s is refused by its name, and nothing of it stays', async (_, entries, name) => {
    const { status, stdout, stderr } = await host.prodng(['run', await hostile(...entries())]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(name);
    expect(existsSync('/tmp/evil-prodng')).toBe(false);
    const kept = readdirSync(join(host.folder, 'cache/jails')).filter((entry) => !entry.endsWith('.lock'));
    expect(kept).toEqual([]);
  });

  it.each<[string, () => Buffer[]]>([
    ['its rootfs', () => [symlink(rootfs(), '../..')]],
    [
      'a folder above it',
      () => [
        folder('usr/lib/prodng/jails/real/rootfs'),
        symlink(`usr/lib/prodng/jails/${host.name}`, 'real'),
      ],
    ],
  ])('with a link for %s is no jail', async (_, entries) => {
    expect(await host.prodng(['run', await hostile(...entries())])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/not a jail: usr\/lib\/prodng\/jails\/.*: (?:not a folder|outside of)/),
    });
  });

  it('is answered from its own /etc/passwd, wherever that leads', async () => {
    const upwards = { 'etc/passwd': '/../../../../../../../../../../../etc/passwd' };
    const deb = await host.jail({ without: ['etc/passwd'], links: upwards });
    const { status, stderr } = await host.prodng(['run', deb]);
    expect(status).toBe(2);
    expect(stderr).toContain('/etc/passwd: too many symbolic links');
  });

  it('cannot have a user beyond its range', async () => {
    const deb = await host.jail({ files: { 'etc/passwd': 'jail:x:65535:0::/:/bin/sh\n' } });
    expect(await host.prodng(['run', deb])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('"65535" is no id'),
    });
  });
});
