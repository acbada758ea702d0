import { describe, expect, it } from 'vitest';
import { compareDeclarations } from '../../src/control/compare-declarations.ts';
import type { JailDeclaration } from '../../src/control/jail-declaration.ts';
import type { FieldChange } from '../../src/control/jail-field.ts';
import { jailFieldList, jailFields } from '../../src/control/jail-fields.ts';
import { declarationOf } from './declarations.ts';

interface Direction {
  /** Lines of the field beside the required ones; others that it needs may be among them. */
  before: string;
  after: string;
  forth: FieldChange['kind'][];
  back: FieldChange['kind'][];
}

const volume = 'XB-Jail-Filesystem: rw /data size=1M';
const net = 'XB-Jail-Network: macvlan\n';

/** Each pair once in each direction. A field that is missing here does not compile. */
const directions: Readonly<Record<Exclude<keyof JailDeclaration, 'format'>, readonly Direction[]>> = {
  command: [changed('Command: /bin/x', 'Command: /bin/x -v')],
  user: [
    gained('User: a', 'User: root'),
    changed('User: a', 'User: b'),
    { before: '', after: 'XB-Jail-User: root', forth: ['gained'], back: ['lost'] },
  ],
  workdir: [changed('Workdir: /a', 'Workdir: /b')],
  environment: [changed('Environment: A=1', 'Environment: A=2'), changed('', 'Environment: __proto__=1')],
  capabilities: [
    gained('', 'Capabilities: CHOWN'),
    {
      before: 'XB-Jail-Capabilities: CHOWN',
      after: 'XB-Jail-Capabilities: KILL',
      forth: ['gained', 'lost'],
      back: ['gained', 'lost'],
    },
  ],
  filesystem: [
    gained('', 'Filesystem: rw /data size=1M'),
    gained('Filesystem: rw /data size=1M', 'Filesystem: rw /data size=2M'),
    gained('Filesystem: rw /data size=1M', 'Filesystem: rw /data'),
    gained('Filesystem: tmp /tmp size=1M', 'Filesystem: tmp /tmp size=2M'),
    gained('', 'Filesystem: ro /etc/ssl'),
    {
      before: 'XB-Jail-Filesystem: ro /srv/a /a',
      after: 'XB-Jail-Filesystem: ro /srv/b /a',
      forth: ['gained', 'lost'],
      back: ['gained', 'lost'],
    },
  ],
  network: [
    gained('Network: none', 'Network: loopback'),
    gained('Network: loopback', 'Network: macvlan'),
    gained('', 'Network: macvlan'),
  ],
  listen: [gained(`${net}Listen: 80/tcp`, `${net}Listen: 80/tcp, 443/tcp`)],
  connect: [
    gained(`${net}`, `${net}Connect: dns`),
    gained(`${net}Connect: dns`, `${net}Connect: dns, db:1/tcp`),
    {
      before: `${net}XB-Jail-Connect: db:1/tcp`,
      after: `${net}XB-Jail-Connect: any`,
      forth: ['gained', 'lost'],
      back: ['lost'],
    },
  ],
  memory: [gained('Memory: 1M', 'Memory: 2M'), gained('', 'Memory: 1G')],
  cpu: [gained('Cpu: 10%', 'Cpu: 20%')],
  pids: [gained('Pids: 1', 'Pids: 2')],
  io: [
    gained('Io: 8:0 rbps=1M', 'Io: 8:0 rbps=2M'),
    gained('Io: 8:0 rbps=1M', ''),
    gained('Io: 8:0 rbps=1M wbps=1M', 'Io: 8:0 rbps=1M'),
  ],
  syscalls: [gained('', 'Syscalls: @system-service, @mount')],
  health: [changed('', `${net}Health: tcp://:80`)].map((direction) => ({
    ...direction,
    before: net,
  })),
  settings: [changed('', 'Settings: A'), changed('Settings: A', 'Settings: A pattern=x default=x')],
  credentials: [
    gained('', 'Credentials: db'),
    changed('Credentials: db', 'Credentials: db optional'),
    gained('Credentials: db', 'Credentials: db\n tls optional'),
  ],
  configuration: [changed('', 'Configuration: /etc/x.conf')],
  prepare: [
    { ...changed('', ''), before: volume, after: `${volume}\nXB-Jail-Prepare: /bin/init` },
    changed(`${volume}\nPrepare: /bin/init`, `${volume}\nPrepare: /bin/init 2`),
  ],
  restart: [changed('Restart: no', 'Restart: always'), changed('', 'Restart: on-failure backoff=2s')],
  stop: [changed('Stop: SIGTERM 1s', 'Stop: SIGTERM 2s'), changed('', 'Stop: SIGINT')],
  compose: [changed('', 'Compose: install')],
  prune: [changed('', 'Prune: none')],
  inputs: [changed('', `Inputs: https://example.org/a sha256:${'0'.repeat(64)}`)],
};

function gained(before: string, after: string): Direction {
  return { before: prefixed(before), after: prefixed(after), forth: ['gained'], back: ['lost'] };
}

function changed(before: string, after: string): Direction {
  return { before: prefixed(before), after: prefixed(after), forth: ['changed'], back: ['changed'] };
}

function prefixed(lines: string): string {
  return lines.replace(/^(?!XB-)(?=\S)/gm, 'XB-Jail-');
}

function declared(lines: string): JailDeclaration {
  return declarationOf(lines, lines.includes('XB-Jail-Command') ? 'XB-Jail-Format: 1\n' : undefined);
}

describe('what a new version may do compared with the old one', () => {
  it.each(
    Object.entries(directions).flatMap(([key, list]) =>
      list.flatMap(({ before, after, forth, back }) => [
        { key, from: before, to: after, kinds: forth },
        { key, from: after, to: before, kinds: back },
      ]),
    ),
  )('$key: from "$from" to "$to" is $kinds', ({ key, from, to, kinds }) => {
    const changes = compareDeclarations(declared(from), declared(to));
    const name = `Jail-${key.charAt(0).toUpperCase()}${key.slice(1)}`;
    expect(changes.map(({ field, kind }) => ({ field, kind }))).toEqual(
      kinds.map((kind) => ({ field: name, kind })),
    );
    for (const { kind, old, new: now } of changes) {
      if (kind === 'changed') expect(old ?? now).toBeDefined();
      if (kind === 'gained' && key !== 'io') expect(now).toBeTruthy();
      if (kind === 'lost') expect(old).toBeTruthy();
    }
  });

  it('is nothing where nothing is different', () => {
    for (const { before, after } of Object.values(directions).flat()) {
      expect(compareDeclarations(declared(before), declared(before))).toEqual([]);
      expect(compareDeclarations(declared(after), declared(after))).toEqual([]);
    }
  });
});

describe('the table of fields', () => {
  it('names each field as its key, with a capital letter', () => {
    expect(Object.keys(jailFields).map((key) => key.charAt(0).toUpperCase() + key.slice(1))).toEqual(
      jailFieldList.map(({ name }) => name),
    );
  });

  it('adds up to an exposure of 10, and no row to less than nothing or more than its most', () => {
    const rows = jailFieldList.flatMap((info) => info.exposure(info.fallback));
    expect(rows.reduce((sum, { most }) => sum + most, 0)).toBeCloseTo(10);
    for (const { points, most } of rows) expect(points >= 0 && points <= most).toBe(true);
  });
});
