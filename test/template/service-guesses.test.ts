import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDeb822 } from '../../src/control/deb822.ts';
import { readUnit } from '../../src/systemd-unit/unit.ts';
import { pathsIn } from '../../src/template/service/configuration.ts';
import { userOfScript } from '../../src/template/service/package-user.ts';
import { Proposal } from '../../src/template/service/proposal.ts';
import { proposeLimits } from '../../src/template/service/propose-limits.ts';
import { commandPorts, configuredPorts } from '../../src/template/service/propose-network.ts';

describe('the user that a maintainer script adds', () => {
  it.each([
    ['adduser --system --home /var/lib/redis --group redis', 'redis'],
    [
      '  if ! getent passwd x; then\n adduser \\\n  --quiet --system --no-create-home --home "/x y" mosquitto\nfi',
      'mosquitto',
    ],
    ['USER=bind\nadduser --system --group "$USER" >/dev/null 2>&1 || true', 'bind'],
    ['useradd -r -s /usr/sbin/nologin -d / prometheus', 'prometheus'],
    ['adduser www-data ssl-cert', undefined],
    ['# adduser --system x', undefined],
    ['adduser --system "$NOBODY_SET_IT"', undefined],
    ['', undefined],
  ])('%j is %j', (script, user) => {
    expect(userOfScript(script)).toBe(user);
  });
});

describe('ports', () => {
  it.each([
    [['/x', '--port', '80'], [80]],
    [['/x', '-p=81'], [81]],
    [['/x', '--web.listen-address=:9100'], [9100]],
    [['/x', '--listen', '127.0.0.1:82'], [82]],
    [['/x', '--port', '99999', '--portable', '1'], []],
    [['/x', '-p', '/run/x.pid'], []],
  ])('of the command line %j are %j', (argv, ports) => {
    expect(commandPorts(argv).map(({ port }) => port)).toEqual(ports);
  });

  it.each([
    ['port 6379\n', [6379]],
    ['# port 1\n port = 2', [2]],
    ['    listen 80 default_server;\n listen [::]:80;', [80, 80]],
    ['server.port = 8080', [8080]],
    ['listener 1883', [1883]],
    ['Listen 0.0.0.0:443', [443]],
    ['port 70000\nportable 12\nlisten 10.0.0.1', []],
  ])('of the configuration %j are %j', (text, ports) => {
    expect(configuredPorts(text).map(({ port }) => port)).toEqual(ports);
  });
});

it('paths of a configuration are those outside of comments and addresses', () => {
  expect(pathsIn('a /run/x/x.pid # /var/y\n# /var/lib/z\nhttp://h/a/b "/var/log/x/y.log"')).toEqual([
    '/run/x/x.pid',
    '/var/y',
    '/var/log/x/y.log',
  ]);
});

describe('limits', () => {
  const limits = (text: string) => {
    const proposal = new Proposal();
    const unit = readUnit('x.service', { path: 'x.service', bytes: Buffer.from(`[Service]\n${text}`) });
    proposeLimits(unit, undefined, proposal);
    return proposal.text();
  };

  it.each([
    ['MemoryMax=512M', 'XB-Jail-Memory: 512M'],
    ['MemoryMax=50%', '# MemoryMax=50%: not an amount'],
    ['Type=simple', 'XB-Jail-Cpu: 50%'],
    ['CPUQuota=150%', 'XB-Jail-Cpu: 150%'],
    ['CPUQuota=0.5%', '# CPUQuota=0.5%: not a share'],
    ['TasksMax=infinity', '# TasksMax=infinity: a jail always has a limit'],
    ['TasksMax=12', 'XB-Jail-Pids: 12'],
    ['KillSignal=SIGINT\nTimeoutStopSec=1min', 'XB-Jail-Stop: SIGINT 1min'],
    ['TimeoutStopSec=infinity', '# TimeoutStopSec=infinity'],
    ['Restart=always\nRestartSec=2', 'XB-Jail-Restart: always backoff=2s'],
    ['Restart=on-watchdog', '# Restart=on-watchdog'],
    ['AmbientCapabilities=CAP_NET_RAW CAP_SYS_TIME', 'XB-Jail-Capabilities: NET_RAW'],
    [
      'AmbientCapabilities=CAP_SYS_TIME',
      '# AmbientCapabilities=CAP_SYS_TIME: only the initial user namespace',
    ],
    ['AmbientCapabilities=CAP_NET_BIND_SERVICE', 'not needed: every port is free'],
    ['SystemCallFilter=@system-service @mount', 'XB-Jail-Syscalls: @system-service, @mount'],
    ['SystemCallFilter=~@mount', '# SystemCallFilter=~@mount'],
    ['SystemCallFilter=@nonsense', '# SystemCallFilter=@nonsense'],
  ])('%j give %j', (text, line) => {
    expect(limits(text)).toContain(line);
  });

  it('of a hostile unit make no field of their own', () => {
    const hostile = fc.tuple(
      fc.constantFrom(
        'MemoryMax',
        'TasksMax',
        'KillSignal',
        'Restart',
        'SystemCallFilter',
        'AmbientCapabilities',
      ),
      fc.string({ unit: 'binary', maxLength: 60 }),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 8 }), (settings) => {
        const text = limits(settings.map(([name, value]) => `${name}=${value}`).join('\n'));
        const { paragraphs, diagnostics } = readDeb822(Buffer.from(`Package: x\n${text}\n`), 'control');
        expect(diagnostics).toEqual([]);
        expect(paragraphs).toHaveLength(1);
        for (const { name } of paragraphs[0]?.fields ?? []) expect(name).toMatch(/^(?:Package|XB-Jail-\w+)$/);
      }),
    );
  });
});

it('a comment never becomes a field, whatever it quotes', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 5 }), (notes) => {
      const proposal = new Proposal();
      for (const note of notes) proposal.note('Command', note);
      proposal.set('Command', '/bin/x');
      expect(
        proposal
          .text()
          .split('\n')
          .filter((line) => !line.startsWith('#')),
      ).toEqual(['XB-Jail-Command: /bin/x']);
    }),
  );
});
