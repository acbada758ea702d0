import { describe, expect, it } from 'vitest';
import { capabilityBits, compareInForce } from '../../src/jail/confine/compare-in-force.ts';
import type { Expected } from '../../src/jail/confine/expected.ts';
import type { InForce } from '../../src/jail/confine/in-force.ts';
import type { MountInfo } from '../../src/jail/confine/mountinfo.ts';
import { declarationOf } from '../control/declarations.ts';

const declaration = declarationOf(
  'XB-Jail-Capabilities: CHOWN\nXB-Jail-Filesystem: tmp /tmp size=1M\n rw /var/lib/x\nXB-Jail-Memory: 64M',
);
const first = 0x7000_0000;
const expected: Expected = {
  account: { name: 'jail', uid: 999, gid: 998, additionalGids: [300], home: '/' },
  range: { first, count: 65_536 },
  cgroupsPath: '/prodng-x',
  binds: [{ source: '/media/volume0', path: '/var/lib/x', writable: true }],
  terminal: false,
  io: ['8:0 rbps 1024'],
  masked: ['/proc/keys'],
  readonly: ['/proc/sys'],
};

const mount = (path: string, type: string, options: string, superOptions = 'rw'): MountInfo => ({
  path,
  type,
  options: options.split(','),
  source: type,
  superOptions: superOptions.split(','),
});

const mounts = [
  mount('/', 'ext4', 'ro,nosuid,nodev,relatime,idmapped'),
  mount('/proc', 'proc', 'rw,nosuid,nodev,noexec'),
  mount('/dev', 'tmpfs', 'ro,nosuid,noexec'),
  mount('/dev/null', 'devtmpfs', 'rw'),
  mount('/proc/keys', 'devtmpfs', 'rw'),
  mount('/proc/sys', 'proc', 'ro'),
  mount('/tmp', 'tmpfs', 'rw,nosuid,nodev,noexec', 'rw,size=1024k,mode=1777'),
  mount('/var/lib/x', 'ext4', 'rw,nosuid,nodev,noexec,idmapped'),
];

const asDeclared: InForce = {
  capabilities: { CapInh: 1n, CapPrm: 1n, CapEff: 1n, CapBnd: 1n, CapAmb: 1n },
  noNewPrivileges: true,
  seccomp: 2,
  uids: [first + 999, first + 999, first + 999, first + 999],
  gids: [first + 998, first + 998, first + 998, first + 998],
  groups: [first + 300],
  uidMap: `0 ${first} 65536`,
  gidMap: `0 ${first} 65536`,
  mounts,
  limits: { path: '/prodng-x', memory: 64 * 2 ** 20, swap: 0, cpu: 50, pids: 32, io: ['8:0 rbps 1024'] },
  sharedNamespaces: [],
  coreLimit: '0 0',
};

const compare = (change: Partial<InForce>) =>
  compareInForce(declaration, expected, { ...asDeclared, ...change });

describe('what is in force', () => {
  it('is accepted when it is what was declared', () => {
    expect(compare({})).toEqual([]);
  });

  it.each<[string, Partial<InForce>, string]>([
    [
      'a set of capabilities',
      { capabilities: { ...asDeclared.capabilities, CapBnd: 3n } },
      'CapBnd is CAP_CHOWN CAP_DAC_OVERRIDE, declared is CAP_CHOWN',
    ],
    [
      'a capability too few',
      { capabilities: { ...asDeclared.capabilities, CapEff: 0n } },
      'CapEff is none, declared is CAP_CHOWN',
    ],
    ['new privileges', { noNewPrivileges: false }, 'no_new_privs: false instead of true'],
    ['no filter', { seccomp: 0 }, 'Seccomp: 0 instead of 2'],
    [
      'one of the four uids',
      { uids: [first, first + 999, first + 999, first + 999] },
      `the uids: ${first} ${first + 999} instead of ${first + 999}`,
    ],
    [
      'a group of the host',
      { groups: [first + 300, 0] },
      `the groups: 0 ${first + 300} instead of ${first + 300}`,
    ],
    ['the whole map', { uidMap: '0 0 4294967295' }, `uid_map: 0 0 4294967295 instead of 0 ${first} 65536`],
    [
      'a longer map',
      { gidMap: `0 ${first} 65536\n65536 0 1` },
      `gid_map: 0 ${first} 65536\n65536 0 1 instead of 0 ${first} 65536`,
    ],
    [
      'unlimited memory',
      { limits: { ...asDeclared.limits, memory: undefined } },
      'the memory limit: unlimited instead of 64M',
    ],
    ['swap', { limits: { ...asDeclared.limits, swap: 4096 } }, 'swap: 4K instead of 0'],
    [
      'a faster disk',
      { limits: { ...asDeclared.limits, io: [] } },
      'the limits of devices: none instead of 8:0 rbps 1024',
    ],
    [
      'several control groups',
      { limits: { ...asDeclared.limits, path: undefined } },
      'its control group: not one instead of /prodng-x',
    ],
    ['a namespace of the host', { sharedNamespaces: ['net'] }, "its net namespace is the host's"],
    ['a core dump', { coreLimit: '0 unlimited' }, 'the core limit: 0 unlimited instead of 0 0'],
  ])('is refused for %s', (_, change, difference) => {
    expect(compare(change)).toEqual([difference]);
  });

  it('is refused for each mount that differs, is missing or was not declared', () => {
    const without = (path: string) => mounts.filter((each) => each.path !== path);
    const differences = (list: MountInfo[]) => compare({ mounts: list });
    expect(differences(without('/proc/keys'))).toEqual(['/proc/keys is not mounted']);
    expect(differences([...mounts, mount('/host', 'ext4', 'rw')])).toEqual([
      '/host is mounted (ext4) and not declared',
    ]);
    expect(differences([...mounts, mount('/', 'ext4', 'rw,nosuid,nodev')])).toEqual(['/ is not ro']);
    expect(differences([...without('/tmp'), mount('/tmp', 'tmpfs', 'rw,nosuid,nodev,noexec', 'rw')])).toEqual(
      ['the tmpfs /tmp holds any number of bytes instead of 1M'],
    );
    expect(differences([...without('/tmp'), mount('/tmp', 'ext4', 'rw,nodev,noexec', 'size=1024k')])).toEqual(
      ['/tmp is not nosuid', '/tmp is ext4 instead of tmpfs'],
    );
    expect(differences([...mounts, mount('/dev/pts', 'devpts', 'rw')])).toEqual([
      '/dev/pts is mounted (devpts) and not declared',
    ]);
  });

  it('asks for no ambient capabilities of root, who keeps them anyway', () => {
    const root = { ...expected, account: { ...expected.account, uid: 0 } };
    const inForce = { ...asDeclared, uids: [first, first, first, first] };
    expect(compareInForce(declaration, root, inForce)).toEqual(['CapAmb is CAP_CHOWN, declared is none']);
  });
});

it('writes capabilities as the kernel does', () => {
  expect(capabilityBits(['CAP_CHOWN', 'CAP_NET_BIND_SERVICE', 'CAP_CHECKPOINT_RESTORE'])).toBe(
    0x100_0000_0401n,
  );
});
