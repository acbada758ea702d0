import type { Profile } from '../../src/observe/profile.ts';

/** A record of a jail that executed one program, which did nothing. */
export const soundProfile: Profile = {
  prodngProfile: 1,
  package: 'hello',
  version: '1.0',
  sha256: '0'.repeat(64),
  declared: {
    capabilities: [],
    syscalls: ['@system-service'],
    writable: [],
    network: 'loopback',
    listen: [],
    connect: [],
  },
  mechanism: 'bpf',
  mode: 'record',
  kernel: '6.1.0',
  runtime: 'runc',
  began: '2026-01-01T00:00:00.000Z',
  duration: 60_000,
  runs: 1,
  fromStart: true,
  lost: { programs: 0, capabilities: 0, calls: 0, files: 0, connections: 0, tasks: 0, violations: 0 },
  blind: [],
  programs: [
    {
      id: 1,
      path: '/usr/bin/hello',
      file: '/usr/bin/hello',
      origin: 'service',
      executed: 1,
      outside: false,
      by: 0,
    },
  ],
  capabilities: [],
  calls: [],
  files: [],
  connections: [],
};
