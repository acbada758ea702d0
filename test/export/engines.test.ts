import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type ExportFormat, enforcementTable, playKube, type Status } from '../../src/export/enforcement.ts';
import { until } from '../support/jail-host.ts';
import { type Exporting, makeExporting } from './exporting.ts';
import { type Declared, inForce, looks } from './in-force.ts';
import { makePodman, type Podman } from './podman.ts';

vi.setConfig({ testTimeout: 120_000 });

const declared: Declared = {
  command: ['/bin/httpd', '-f', '-p', '8080'],
  uid: 999,
  memory: 64 * 2 ** 20,
  pids: 20,
  cpu: 50,
  tmp: { path: '/tmp', size: 8 * 2 ** 20 },
};

let exporting: Exporting;
let podman: Podman;
let deb: string;
let layout: string;

beforeAll(async () => {
  exporting = makeExporting();
  podman = makePodman();
  deb = await exporting.jail('web', {
    fields: `Jail-Command: ${declared.command.join(' ')}
Jail-Network: none
Jail-Environment: GREETING=hello
Jail-Memory: 64M
Jail-Pids: ${declared.pids}
Jail-Cpu: ${declared.cpu}%
Jail-Filesystem: tmp /tmp size=8M`,
  });
  layout = await exporting.written('oci', deb);
  const image = podman.run('pull', '--quiet', `oci:${layout}:web:1.0-1`);
  podman.run('tag', image, 'localhost/web:1.0-1');
});

afterEach(async () => {
  // its own clean-up after a container that was killed may still hold a mount: EBUSY
  await until(() => {
    try {
      podman.run('pod', 'rm', '--all', '--force', '--time', '0');
      podman.run('rm', '--all', '--force', '--time', '0');
      return podman.run('ps', '--all', '--quiet') === '';
    } catch {
      return false;
    }
  });
});

afterAll(() => {
  podman.remove();
  exporting.remove();
});

/** What podman has put in force in a container. */
function seen(container: string): Record<string, Status> {
  const pid = Number(podman.run('inspect', '--format', '{{.State.Pid}}', container));
  expect(pid).toBeGreaterThan(0);
  return inForce(pid, declared, (...argv) => {
    try {
      podman.run('exec', container, ...argv);
      return true;
    } catch {
      return false;
    }
  });
}

/** What the table claims of the same declarations. */
function claimed(format: ExportFormat | 'play kube'): Record<string, string> {
  const cells = enforcementTable
    .filter(({ name }) => name in looks)
    .map((row) => {
      const cell =
        format === 'play kube' ? (playKube[row.name] ?? row.formats.kubernetes) : row.formats[format];
      return [row.name, typeof cell === 'function' ? 'depends' : cell.status] as const;
    });
  expect(cells).toHaveLength(Object.keys(looks).length);
  return Object.fromEntries(cells);
}

it('podman takes the OCI layout with our digests, and its tree is that of the .deb', async () => {
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  expect(podman.run('image', 'inspect', '--format', '{{.Digest}}', 'localhost/web:1.0-1')).toBe(
    index.manifests[0].digest,
  );
  const { stdout } = await exporting.run([
    deb,
    '--format',
    'quadlet',
    '--json',
    '--output',
    join(exporting.folder, 'q'),
  ]);
  const { treeSha256 } = JSON.parse(stdout).jails[0];
  expect(treeOf(podman.run('image', 'mount', 'localhost/web:1.0-1'))).toBe(treeSha256);
  const archive = await exporting.written('docker-archive', deb);
  const loaded = podman.run('load', '--quiet', '--input', join(archive, 'image.tar'));
  expect(loaded).toContain('localhost/web:1.0-1');
  // the configuration is the same, and with it the image
  expect(podman.run('image', 'inspect', '--format', '{{.Id}}', 'localhost/web:1.0-1')).toBe(
    JSON.parse(
      readFileSync(join(layout, 'blobs/sha256', index.manifests[0].digest.slice(7)), 'utf8'),
    ).config.digest.slice(7),
  );
});

/** As docs/fleet.md defines the digest of a tree, read from a folder. */
function treeOf(root: string): string {
  const lines = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => {
    const full = join(root, path);
    const stat = lstatSync(full);
    const { mode, uid, gid } = stat;
    const kind = stat.isDirectory() ? 'd' : stat.isSymbolicLink() ? 'l' : 'f';
    const content = kind === 'l' ? readlinkSync(full) : kind === 'd' ? '' : sha256(readFileSync(full));
    return `${path}\0${kind} ${kind === 'l' ? '777' : (mode & 0o7777).toString(8)} ${uid}:${gid} ${content}\n`;
  });
  expect(lines.length).toBeGreaterThan(20);
  return sha256(lines.sort().join(''));
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

it('oci: started without options, podman enforces what the table says', () => {
  const container = podman.run('run', '--detach', '--network', 'none', 'localhost/web:1.0-1');
  expect(seen(container)).toEqual(claimed('oci'));
});

it('quadlet: with the options of the unit, podman enforces what the table says', async () => {
  const folder = await exporting.written('quadlet', deb);
  const unit = readFileSync(join(folder, 'web.container'), 'utf8');
  const container = podman.run('run', '--detach', ...quadletOptions(unit, folder), 'localhost/web:1.0-1');
  expect(seen(container)).toEqual(claimed('quadlet'));
  expect(
    readFileSync(`/proc/${podman.run('inspect', '--format', '{{.State.Pid}}', container)}/net/dev`, 'utf8'),
  ).not.toContain('eth');
});

/** What the generator makes of the keys, podman-systemd.unit(5): podman 4.3 of Debian 12 does not have it yet. */
function quadletOptions(unit: string, folder: string): string[] {
  const options: Record<string, (value: string) => string[]> = {
    Image: () => [],
    ContainerName: (value) => ['--name', value],
    User: () => [],
    Group: (value) => ['--user', `${/^User=(.*)$/m.exec(unit)?.[1]}:${value}`],
    ReadOnly: () => ['--read-only'],
    NoNewPrivileges: () => ['--security-opt', 'no-new-privileges'],
    DropCapability: (value) => ['--cap-drop', value],
    // its file is installed beside the unit
    SeccompProfile: (value) => [
      '--security-opt',
      `seccomp=${join(folder, value.slice(value.lastIndexOf('/')))}`,
    ],
    UserNS: (value) => ['--userns', value],
    Network: (value) => ['--network', value],
    Tmpfs: (value) => ['--tmpfs', value],
    PodmanArgs: (value) => value.split(' '),
  };
  const section = unit.slice(unit.indexOf('[Container]'), unit.indexOf('[Service]'));
  return [...section.matchAll(/^(\w+)=(.*)$/gm)]
    .flatMap(([, key = '', value = '']) => {
      const option = options[key];
      if (option === undefined) throw new Error(`this test does not know the key ${key}`);
      return option(value);
    })
    .concat('--ulimit=nproc=1024:1024');
}

it('kubernetes: podman play kube enforces what the table says of it', async () => {
  const folder = await exporting.written('kubernetes', deb);
  podman.run(
    'play',
    'kube',
    '--network',
    'none',
    '--seccomp-profile-root',
    join(folder, 'seccomp'),
    join(folder, 'web.yaml'),
  );
  const [container = ''] = podman.run('ps', '--quiet', '--filter', 'name=web-pod-0-web').split('\n');
  expect(seen(container)).toEqual(claimed('play kube'));
});
