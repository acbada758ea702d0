import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { jailFieldList } from '../../src/control/jail-fields.ts';
import { parseJailDeclaration } from '../../src/control/jail-schema.ts';
import { declarationOf, faultsOf, jailStanza } from './declarations.ts';

describe('a declaration', () => {
  it('denies everything that it does not declare', () => {
    expect(declarationOf('')).toEqual({
      format: 1,
      command: ['/bin/x'],
      user: 'jail',
      workdir: '/',
      environment: {},
      capabilities: [],
      filesystem: [],
      network: 'none',
      listen: [],
      connect: [],
      memory: 64 * 1024 * 1024,
      cpu: 50,
      pids: 32,
      io: [],
      syscalls: ['@system-service'],
      settings: [],
      credentials: [],
      configuration: [],
      restart: { policy: 'on-failure', backoff: 1000 },
      stop: { signal: 'SIGTERM', timeout: 10_000 },
      compose: 'extract',
      prune: ['docs', 'man', 'info', 'locales', 'lintian'],
      inputs: [],
    });
  });

  it('is read from a .deb by the names that dpkg leaves there', () => {
    const stanza = jailStanza('', 'Jail-Format: 1\nJail-Command: /bin/x\njail-memory: 1G\n');
    expect(parseJailDeclaration(stanza, 'control', 'Jail-').declaration?.memory).toBe(2 ** 30);
  });

  it.each(jailFieldList.map((field) => [field.name, field.default] as const))(
    '%s: the documented default %s is what an absent field means',
    (name, text) => {
      if (text === undefined || text === 'empty')
        return expect(['Format', 'Command', 'Environment']).toContain(name);
      expect(declarationOf(`XB-Jail-${name}: ${text}`)).toEqual(declarationOf(''));
    },
  );

  it.each(jailFieldList.map((field) => [field.name, field.example] as const))(
    '%s: the documented example is valid',
    (name, example) => {
      const line = `XB-Jail-${name}: ${example.replaceAll('\n', '\n ')}\n`;
      const volume = name === 'Prepare' ? 'XB-Jail-Filesystem: rw /data\n' : '';
      const others = name === 'Network' ? '' : `XB-Jail-Network: macvlan\n${volume}`;
      if (name === 'Format') return expect(declarationOf('').format).toBe(1);
      const required = name === 'Command' ? 'XB-Jail-Format: 1\n' : undefined;
      expect(faultsOf(others + line, required)).toEqual([]);
    },
  );
});

describe('values', () => {
  it.each([
    [
      'Command: /bin/a "b c" \'d"e\' f\\x20g h\\"i $HOME %i ""',
      { command: ['/bin/a', 'b c', 'd"e', 'f g', 'h"i', '$HOME', '%i', ''] },
    ],
    ['Command: /bin/a\n b\n c', { command: ['/bin/a', 'b', 'c'] }],
    ['Capabilities: none', { capabilities: [] }],
    ['Capabilities: setuid, CAP_chown net-raw', { capabilities: ['CAP_CHOWN', 'CAP_NET_RAW', 'CAP_SETUID'] }],
    ['Capabilities: checkpoint_restore', { capabilities: ['CAP_CHECKPOINT_RESTORE'] }],
    ['Environment: A=1\n B = 2', undefined],
    ['Environment:\n A=x y  z\n B=\n C="q"', { environment: { A: 'x y  z', B: '', C: '"q"' } }],
    ['Environment: __proto__=1', { environment: Object.fromEntries([['__proto__', '1']]) }],
    [
      'Filesystem: rw /var/lib/x size=1G\n tmp /tmp\n ro /etc/ssl /ssl',
      {
        filesystem: [
          { kind: 'rw', path: '/var/lib/x', size: 2 ** 30 },
          { kind: 'tmp', path: '/tmp', size: 16 * 2 ** 20 },
          { kind: 'ro', hostPath: '/etc/ssl', path: '/ssl' },
        ],
      },
    ],
    ['Filesystem: rw /data', { filesystem: [{ kind: 'rw', path: '/data' }] }],
    ['Memory: 1048576', { memory: 2 ** 20 }],
    ['Cpu: 250%', { cpu: 250 }],
    [
      'Io: 8:0 rbps=1M wiops=100',
      { io: [{ device: '8:0', readBytesPerSecond: 2 ** 20, writeOperationsPerSecond: 100 }] },
    ],
    ['Syscalls: @default read, read', { syscalls: ['@default', 'read'] }],
    [
      'Health: /bin/check "interval=1s" timeout=1s',
      { health: { kind: 'command', argv: ['/bin/check', 'interval=1s'], interval: 30_000, timeout: 1000 } },
    ],
    ['Restart: always backoff=500ms', { restart: { policy: 'always', backoff: 500 } }],
    ['Stop: quit', { stop: { signal: 'SIGQUIT', timeout: 10_000 } }],
    ['Stop: SIGINT 1min', { stop: { signal: 'SIGINT', timeout: 60_000 } }],
    ['Prune: none', { prune: [] }],
    ['Prune: /usr/share/icons/* docs', { prune: ['/usr/share/icons/*', 'docs'] }],
  ])('%j', (line, expected) => {
    const required = line.startsWith('Command') ? 'XB-Jail-Format: 1\n' : undefined;
    if (expected === undefined) expect(faultsOf(`XB-Jail-${line}`, required)).toHaveLength(1);
    else expect(declarationOf(`XB-Jail-${line}`, required)).toMatchObject(expected);
  });

  it.each([
    [
      '80/tcp, 53/udp 8080/tcp',
      [
        [80, 'tcp'],
        [53, 'udp'],
        [8080, 'tcp'],
      ],
    ],
  ] as const)('Listen: %s', (text, ports) => {
    const { listen } = declarationOf(`XB-Jail-Network: loopback\nXB-Jail-Listen: ${text}`);
    expect(listen.map(({ port, protocol }) => [port, protocol])).toEqual(ports);
  });

  it.each([
    ['dns', { kind: 'dns' }],
    ['DB.internal:5432/tcp', { kind: 'host', host: 'db.internal', port: 5432, protocol: 'tcp' }],
    ['10.0.0.0/8:443/udp', { kind: 'host', host: '10.0.0.0/8', port: 443, protocol: 'udp' }],
    ['[fd00::/8]:443/tcp', { kind: 'host', host: 'fd00::/8', port: 443, protocol: 'tcp' }],
    ['[::1]:1/tcp', { kind: 'host', host: '::1', port: 1, protocol: 'tcp' }],
  ])('Connect: %s', (text, rule) => {
    expect(declarationOf(`XB-Jail-Network: macvlan\nXB-Jail-Connect: ${text}`).connect).toEqual([rule]);
  });

  it.each([
    [
      'http://:8080/healthz interval=10s timeout=2s',
      {
        kind: 'http',
        url: 'http://:8080/healthz',
        port: 8080,
        path: '/healthz',
        interval: 10_000,
        timeout: 2000,
      },
    ],
    [
      'http://:80',
      { kind: 'http', url: 'http://:80/', port: 80, path: '/', interval: 30_000, timeout: 5000 },
    ],
    ['tcp://:6379 interval=1s', { kind: 'tcp', port: 6379, interval: 1000, timeout: 1000 }],
  ])('Health: %s', (text, check) => {
    expect(declarationOf(`XB-Jail-Network: loopback\nXB-Jail-Health: ${text}`).health).toEqual(check);
  });
});

it('a service may be stopped by every signal that Linux has and a process can act on', () => {
  for (const signal of Object.keys(constants.signals).filter((name) => name !== 'SIGSTOP'))
    expect(declarationOf(`XB-Jail-Stop: ${signal}`).stop.signal).toBe(signal);
});

describe('faults are reported with place, kind and what is allowed', () => {
  it.each([
    [
      'Capabilites: none',
      'jail-field-unknown 4:1: XB-Jail-Capabilites: no such field; did you mean "XB-Jail-Capabilities"?; allowed: XB-Jail-Format, ',
    ],
    [
      'Capabilities: NET_ADMN',
      'capability-unknown 4:23: XB-Jail-Capabilities: "NET_ADMN" is not a capability; did you mean "CAP_NET_ADMIN"?; allowed: none',
    ],
    [
      'Capabilities: chown,\n CHOWN',
      'capability-duplicate 5:2: XB-Jail-Capabilities: CAP_CHOWN is declared twice',
    ],
    [
      'Capabilities: sys_time',
      'capability-ineffective 4:23: XB-Jail-Capabilities: CAP_SYS_TIME can never work in a jail: only the initial',
    ],
    ['Capabilities: SYS_MODULE', 'capability-ineffective'],
    ['Capabilities: SYS_BOOT', 'capability-ineffective'],
    [
      'Capabilities: all',
      'capability-unknown 4:23: XB-Jail-Capabilities: "all" would grant every capability',
    ],
    [
      'Capabilities: none, chown',
      'capability-unknown 4:23: XB-Jail-Capabilities: "none" beside other capabilities',
    ],
    ['Capabilities:', 'jail-field-invalid 4:22: XB-Jail-Capabilities: the field is empty; allowed: none |'],
    ['Filesystem: rw var', 'path-relative 4:24'],
    ['Filesystem: rw /a/../etc', 'path-escapes 4:24'],
    [
      'Filesystem: rw /a//b',
      'path-not-normalised 4:24: XB-Jail-Filesystem: "/a//b" is not normalised; write "/a/b"',
    ],
    ['Filesystem: rw /a size=1Q', 'jail-field-invalid 4:27: XB-Jail-Filesystem: "size=1Q" is not a size'],
    [
      'Filesystem: rm /a',
      'jail-field-invalid 4:21: XB-Jail-Filesystem: "rm" is not a kind of mount; did you mean "rw"?',
    ],
    ['Filesystem: rw', 'jail-field-invalid 4:21: XB-Jail-Filesystem: rw without a path'],
    ['Filesystem: rw /a\n tmp /a', 'mount-duplicate 5:6: XB-Jail-Filesystem: /a is declared twice'],
    ['Filesystem: rw /a\n tmp /a/b', 'mount-overlap 5:6: XB-Jail-Filesystem: /a/b lies in /a'],
    ['Filesystem: rw /', 'mount-writable-root'],
    ['Filesystem: ro /srv /', 'mount-writable-root'],
    [
      'Filesystem: rw /etc',
      'mount-writable-system 4:24: XB-Jail-Filesystem: /etc: the configuration must not be writable',
    ],
    ['Filesystem: tmp /usr/lib/x', 'mount-writable-system'],
    ['Filesystem: tmp /proc/x', 'mount-over-kernel'],
    ['Filesystem: ro /dev/kvm', 'mount-over-kernel'],
    [
      'Filesystem: tmp /tmp size=65M',
      'tmpfs-exceeds-memory 4:25: XB-Jail-Filesystem: the tmpfs /tmp of 65M is larger than Memory',
    ],
    ['Listen: 80/tcp', 'listen-without-network'],
    ['Network: loopback\nXB-Jail-Listen: 80/tcp,\n 80/tcp', 'port-duplicate 6:2'],
    [
      'Network: loopback\nXB-Jail-Listen: 80',
      'jail-field-invalid 5:17: XB-Jail-Listen: "80" is not a port; did you mean "80/tcp"?',
    ],
    ['Network: loopback\nXB-Jail-Listen: 65536/tcp', 'jail-field-invalid'],
    ['Network: loopback\nXB-Jail-Connect: dns', 'connect-without-network'],
    ['Network: macvlan\nXB-Jail-Connect: any, dns', 'connect-contradictory'],
    ['Network: macvlan\nXB-Jail-Connect: dns dns', 'port-duplicate'],
    ['Network: macvlan\nXB-Jail-Connect: 10.0.0.0/33:1/tcp', 'jail-field-invalid'],
    ['Network: macvlan\nXB-Jail-Connect: 10.0.0.256:1/tcp', 'jail-field-invalid'],
    ['Network: macvlan\nXB-Jail-Connect: fd00::1:1/tcp', 'jail-field-invalid'],
    [
      'Network: bridge',
      'jail-field-invalid 4:18: XB-Jail-Network: "bridge"; allowed: none, loopback, macvlan',
    ],
    ['Health: http://:80/', 'health-without-network'],
    ['Network: loopback\nXB-Jail-Health: http://host:80/', 'jail-field-invalid'],
    [
      'Network: loopback\nXB-Jail-Health: tcp://:80 interval=1s timeout=2s',
      'health-timeout-exceeds-interval 5:39',
    ],
    [
      'Memory: 64Q',
      'jail-field-invalid 4:17: XB-Jail-Memory: "64Q" is not a size; allowed: a number of bytes',
    ],
    ['Memory: 10K', 'jail-field-invalid'],
    ['Memory: 99999999999999T', 'jail-field-invalid'],
    ['Cpu: 50', 'jail-field-invalid 4:14: XB-Jail-Cpu: "50"; did you mean "50%"?'],
    ['Cpu: 0%', 'jail-field-invalid'],
    ['Pids: 0', 'jail-field-invalid'],
    ['Pids: max', 'jail-field-invalid'],
    ['Io: sda rbps=1', 'jail-field-invalid'],
    ['Io: /dev/../etc rbps=1', 'jail-field-invalid'],
    ['Io: 8:0 rpbs=1', 'jail-field-invalid 4:17: XB-Jail-Io: "rpbs=1"; did you mean "rbps"?'],
    ['Io: 8:0', 'jail-field-invalid'],
    [
      'Syscalls: @system-servce',
      'syscall-unknown 4:19: XB-Jail-Syscalls: "@system-servce" is not a group of system calls; did you mean "@system-service"?',
    ],
    [
      'Syscalls: reed',
      'syscall-unknown 4:19: XB-Jail-Syscalls: "reed" is not a system call; did you mean "read"?',
    ],
    ['Syscalls: ~@mount', 'syscall-unknown'],
    ['User: 0', 'jail-field-invalid 4:15: XB-Jail-User: "0" is a number, not a name'],
    ['User: Root', 'jail-field-invalid'],
    ['Workdir: x', 'path-relative'],
    ['Environment: A=1\n A=2', 'environment-duplicate 5:2'],
    ['Environment: 1A=1', 'jail-field-invalid'],
    ['Restart: sometimes', 'jail-field-invalid'],
    ['Restart: always backoff=0s', 'XB-Jail-Restart: backoff 0ms is too low; allowed: 10ms to 5min'],
    ['Stop: SIGTRM', 'jail-field-invalid 4:15: XB-Jail-Stop: "SIGTRM"; did you mean "SIGTERM"?'],
    ['Stop: SIGSTOP', 'jail-field-invalid'],
    ['Stop: SIGTERM 10', 'jail-field-invalid 4:23: XB-Jail-Stop: "10" is not a duration'],
    ['Compose: extrct', 'jail-field-invalid 4:18: XB-Jail-Compose: "extrct"; did you mean "extract"?'],
    [
      'Prune: doc',
      'jail-field-invalid 4:16: XB-Jail-Prune: "doc" is no group to prune; did you mean "docs"?',
    ],
    ['Prune: /*', 'jail-field-invalid'],
  ])('%j', (line, expected) => {
    const faults = faultsOf(`XB-Jail-${line}`);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(expected);
  });

  it.each([
    ['x "y', 'the quote " is never closed'],
    ['x', '"x" is not an absolute path; no search path applies: write /usr/bin/x'],
    ['/bin/x \\q', 'the escape \\q is unknown'],
    ['/bin/x \\x00', 'the escape \\x00 is no character of an argument'],
    ['-/bin/x', 'command-prefix'],
    ['@/bin/x y', 'command-prefix'],
    ['""', 'is not an absolute path'],
  ])('Command: %s', (command, expected) => {
    const faults = faultsOf('', `XB-Jail-Format: 1\nXB-Jail-Command: ${command}\n`);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(expected);
  });

  it('names every missing field', () => {
    expect(faultsOf('XB-Jail-User: www-data', '')).toEqual([
      'jail-field-missing 1: XB-Jail-Format: the field is missing; allowed: 1',
      'jail-field-missing 1: XB-Jail-Command: the field is missing; allowed: PROGRAM [ARGUMENT...]',
    ]);
  });

  it.each(['Jail-Cpu: 50%', 'XC-Jail-Cpu: 50%', 'X-Jail-Cpu: 50%', 'XBS-Jail-Cpu: 50%'])(
    'refuses %s, which dpkg would not copy as we read it',
    (line) => {
      expect(faultsOf(line)[0]).toContain('jail-field-misplaced 4:1');
    },
  );

  it('reports all faults in the order of the file, and no follow-ups of a field that could not be read', () => {
    const faults = faultsOf(
      'XB-Jail-Network: mcvlan\nXB-Jail-Listen: 80/tcp\nXB-Jail-Memory: x\nXB-Jail-Filesystem: tmp /tmp size=1T\nXB-Jail-Cpu: 1\nXB-Jail-Stop: x',
    );
    expect(faults.map((fault) => /^(\S+ \d+)/.exec(fault)?.[1])).toEqual([
      'jail-field-invalid 4',
      'jail-field-invalid 6',
      'jail-field-invalid 8',
      'jail-field-invalid 9',
    ]);
  });
});
