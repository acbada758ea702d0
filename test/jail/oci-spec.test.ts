import { expect, it } from 'vitest';
import { ociSpec } from '../../src/jail/runtime/oci-spec.ts';
import { declarationOf } from '../control/declarations.ts';

const facts = {
  name: 'hello.world+1',
  rootfs: '/media/rootfs',
  account: { name: 'jail', uid: 999, gid: 998, additionalGids: [300], home: '/var/lib/hello' },
  range: { first: 0x7001_0000, count: 65_536 },
  cgroupsPath: '/prodng-hello',
};

it('gives nothing that is not declared', () => {
  const spec = ociSpec(declarationOf(''), facts);
  expect(spec.process.capabilities).toEqual({
    bounding: [],
    effective: [],
    permitted: [],
    inheritable: [],
    ambient: [],
  });
  expect(spec.mounts.map(({ destination }) => destination)).toEqual(['/proc', '/dev']);
  expect(spec.linux.namespaces.map(({ type }) => type).sort()).toEqual(
    ['cgroup', 'ipc', 'mount', 'network', 'pid', 'user', 'uts'].sort(),
  );
  expect(spec.root).toEqual({ path: '/media/rootfs', readonly: true });
  expect(spec.process.noNewPrivileges).toBe(true);
});

it('maps root to the range of the jail, and no other id', () => {
  const { uidMappings, gidMappings } = ociSpec(declarationOf(''), facts).linux;
  expect(uidMappings).toEqual([{ containerID: 0, hostID: 0x7001_0000, size: 65_536 }]);
  expect(gidMappings).toEqual(uidMappings);
});

it('makes capabilities ambient only for a user who is not root', () => {
  const declaration = declarationOf('XB-Jail-Capabilities: CHOWN');
  expect(ociSpec(declaration, facts).process.capabilities.ambient).toEqual(['CAP_CHOWN']);
  const root = { ...facts, account: { ...facts.account, uid: 0 } };
  expect(ociSpec(declaration, root).process.capabilities).toMatchObject({
    ambient: [],
    bounding: ['CAP_CHOWN'],
  });
});

it('declares no swap, no cores, and the limits of the declaration', () => {
  const declaration = declarationOf('XB-Jail-Memory: 32M\nXB-Jail-Cpu: 200%\nXB-Jail-Pids: 7');
  const { linux, process } = ociSpec(declaration, facts);
  expect(linux.resources).toMatchObject({
    memory: { limit: 32 * 2 ** 20, swap: 32 * 2 ** 20 },
    cpu: { quota: 200_000, period: 100_000 },
    pids: { limit: 7 },
    devices: [{ allow: false, access: 'rwm' }],
  });
  expect(process.rlimits).toContainEqual({ type: 'RLIMIT_CORE', hard: 0, soft: 0 });
});

it('makes a host name of a package name', () => {
  expect(ociSpec(declarationOf(''), facts).hostname).toBe('hello-world-1');
  expect(ociSpec(declarationOf(''), { ...facts, name: `a${'+'.repeat(100)}` }).hostname).toBe('a');
});

it('lets the declared environment win over what prodng sets', () => {
  const { env } = ociSpec(declarationOf('XB-Jail-Environment: HOME=/tmp'), facts).process;
  expect(env).toContain('HOME=/tmp');
  expect(env.filter((line) => line.startsWith('HOME='))).toHaveLength(1);
  expect(env).toContain('USER=jail');
});

it('gives a shared folder to everybody and any other tmpfs to the service', () => {
  const { mounts } = ociSpec(
    declarationOf('XB-Jail-Filesystem: tmp /tmp size=1M\n tmp /run/x size=2M'),
    facts,
  );
  const optionsOf = (path: string) => mounts.find(({ destination }) => destination === path)?.options;
  expect(optionsOf('/tmp')).toEqual([
    'nosuid',
    'nodev',
    'noexec',
    `size=${2 ** 20}`,
    'nr_inodes=1024',
    'mode=1777',
  ]);
  expect(optionsOf('/run/x')).toEqual([
    'nosuid',
    'nodev',
    'noexec',
    `size=${2 ** 21}`,
    'nr_inodes=1024',
    'mode=755',
    'uid=999',
    'gid=998',
  ]);
});
