import { describe, expect, it } from 'vitest';
import { editedControl } from '../../src/audit/edit-control.ts';
import { propose } from '../../src/audit/proposal.ts';
import { allowedSyscalls } from '../../src/jail/confine/seccomp.ts';
import { runtimeFloor } from '../../src/jail/runtime/runtime-floor.ts';
import type { Declared } from '../../src/observe/declared.ts';
import type { Profile } from '../../src/observe/profile.ts';
import { soundProfile } from '../observe/sound-profile.ts';

const declared: Declared = {
  capabilities: ['CAP_CHOWN', 'CAP_SETUID'],
  syscalls: ['@system-service'],
  writable: [
    { kind: 'rw', path: '/var/lib/hello' },
    { kind: 'tmp', path: '/tmp' },
  ],
  network: 'macvlan',
  listen: [
    { port: 80, protocol: 'tcp' },
    { port: 81, protocol: 'tcp' },
    { port: 53, protocol: 'udp' },
  ],
  connect: [
    { kind: 'dns' },
    { kind: 'host', host: '192.0.2.0/24', port: 5432, protocol: 'tcp' },
    { kind: 'host', host: 'db.example.org', port: 3306, protocol: 'tcp' },
  ],
};

const profile: Profile = {
  ...soundProfile,
  capabilities: [
    { capability: 'CAP_CHOWN', program: 1, granted: 2, denied: 0, hard: 0, host: 0, hostHard: 0 },
    { capability: 'CAP_KILL', program: 1, granted: 0, denied: 2, hard: 2, host: 0, hostHard: 0 },
  ],
  calls: [
    { call: 'read', program: 1, entered: 5, refused: 0, denied: 0, missing: 0 },
    { call: 'mount', program: 1, entered: 0, refused: 1, denied: 0, missing: 0 },
  ],
  files: [{ path: '/var/lib/hello/state', kind: 'written', program: 1, count: 1 }],
  connections: [
    { way: 'listens', protocol: 'tcp', port: 80, program: 1, count: 1 },
    {
      way: 'failed',
      protocol: 'tcp',
      address: '192.0.2.7',
      port: 5432,
      error: 'ECONNREFUSED',
      program: 1,
      count: 1,
    },
  ],
};

describe('propose', () => {
  const byName = new Map(propose(declared, profile).map(({ name, items }) => [name, items]));

  it('keeps what was used, and gives nothing that was refused', () => {
    expect(byName.get('Capabilities')).toEqual(['CHOWN']);
    expect(byName.get('Filesystem')).toEqual(['/var/lib/hello']);
    expect(byName.get('Syscalls')).not.toContain('mount');
  });

  it('never goes below the floor of the runtime', () => {
    expect(byName.get('Syscalls')).toEqual([...new Set(['read', ...runtimeFloor('runc')])].sort());
    expect(byName.get('Syscalls')).toContain('exit_group');
  });

  it('keeps what is for datagrams, which are not counted', () => {
    expect(byName.get('Listen')).toEqual(['80/tcp', '53/udp']);
    expect(byName.get('Connect')).toEqual(['dns', '192.0.2.0/24:5432/tcp']);
  });

  it.each([
    ['lacks events', { lost: { ...soundProfile.lost, files: 3 } }, /incomplete by 3/],
    ['misses the start', { fromStart: false }, /misses the start/],
    ['has no system calls', { mode: 'base' as const }, /no system calls/],
  ])('refuses a record that %s', (_, change, message) => {
    expect(() => propose(declared, { ...profile, ...change })).toThrow(message);
  });
});

const allowedCount = allowedSyscalls(['@system-service']).size;

const control = `Source: hello
Maintainer: Test <test@example.org>

Package: hello
Architecture: all
XB-Jail-Format: 1
XB-Jail-Capabilities: CHOWN, SETUID
XB-Jail-Filesystem:
 rw /var/lib/hello size=1M
 tmp /tmp size=1M
XB-Jail-Memory: 64M
# kept
XB-Jail-Cpu: 50%
`;

describe('editedControl', () => {
  it('changes those fields and nothing else, with the reason above each', () => {
    expect(
      editedControl(control, 'control', propose({ ...declared, listen: [], connect: [] }, profile)),
    ).toBe(
      `Source: hello
Maintainer: Test <test@example.org>

Package: hello
Architecture: all
XB-Jail-Format: 1
# observed: never used: CAP_SETUID
XB-Jail-Capabilities: CHOWN
# observed: never opened: /tmp
XB-Jail-Filesystem: rw /var/lib/hello size=1M
XB-Jail-Memory: 64M
# kept
XB-Jail-Cpu: 50%
# observed: 1 used of 367 allowed, and what runc needs
XB-Jail-Syscalls:
 close, epoll_ctl, epoll_pwait, execve, exit, exit_group, fstatfs, futex, getdents64, getpid,
 nanosleep, openat, read, restart_syscall, rt_sigreturn, write
`.replace('367', String(allowedCount)),
    );
  });

  it('drops a field of which nothing stays', () => {
    const fields = propose(
      { ...declared, writable: [], listen: [], connect: [] },
      { ...profile, capabilities: [] },
    );
    const edited = editedControl(control, 'control', fields);
    expect(edited).not.toContain('Capabilities');
    expect(edited).toContain('XB-Jail-Filesystem:\n rw');
  });

  it('replaces its own reasons when it is applied again', () => {
    const fields = propose({ ...declared, listen: [], connect: [] }, profile);
    const once = editedControl(control, 'control', fields);
    expect(editedControl(once, 'control', fields)).toBe(once);
  });
});
