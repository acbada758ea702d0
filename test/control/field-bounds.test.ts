import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Unit } from '../../src/control/bound.ts';
import { jailFieldList } from '../../src/control/jail-fields.ts';
import { formatDuration, formatSize } from '../../src/control/quantity.ts';
import { declarationOf, faultsOf } from './declarations.ts';

const net = 'XB-Jail-Network: macvlan\nXB-Jail-Memory: 16T\n';

/** A field with a quantity in it, by field and quantity. Each that the table has is here, else a test below fails. */
const written: Readonly<Record<string, (quantity: string, count: number) => string>> = {
  'Command words': (_, count) => `XB-Jail-Command: /bin/x${' a'.repeat(count - 1)}`,
  'Command bytes of a word': (_, count) => `XB-Jail-Command: /bin/x ${'a'.repeat(count)}`,
  'Environment variables': (_, count) => `XB-Jail-Environment:${list(count, (n) => `\n A${n}=1`)}`,
  'Environment bytes of a variable': (_, count) =>
    `XB-Jail-Environment: A=${'a'.repeat(Math.max(0, count - 2))}`,
  'Filesystem mounts': (_, count) => `XB-Jail-Filesystem:${list(count, (n) => `\n rw /data/${n}`)}`,
  'Filesystem size of a volume': (size) => `XB-Jail-Filesystem: rw /data size=${size}`,
  'Filesystem size of a tmpfs': (size) => `XB-Jail-Filesystem: tmp /tmp size=${size}`,
  'Listen ports': (_, count) => `XB-Jail-Listen: ${list(count, (n) => `${n + 1}/tcp `)}`,
  'Connect rules': (_, count) => `XB-Jail-Connect: ${list(count, (n) => `db:${n + 1}/tcp `)}`,
  'Memory memory': (size) => `XB-Jail-Memory: ${size}`,
  'Cpu share': (share) => `XB-Jail-Cpu: ${share}`,
  'Pids number': (count) => `XB-Jail-Pids: ${count}`,
  'Io devices': (_, count) => `XB-Jail-Io:${list(count, (n) => `\n 8:${n} rbps=1M`)}`,
  'Io bytes a second': (size) => `XB-Jail-Io: 8:0 rbps=${size}`,
  'Io operations a second': (count) => `XB-Jail-Io: 8:0 wiops=${count}`,
  'Settings settings': (_, count) => `XB-Jail-Settings:${list(count, (n) => `\n A${n}`)}`,
  'Credentials credentials': (_, count) => `XB-Jail-Credentials:${list(count, (n) => `\n a${n}`)}`,
  'Configuration files': (_, count) => `XB-Jail-Configuration:${list(count, (n) => `\n /etc/${n}`)}`,
  'Prepare words': (_, count) =>
    `XB-Jail-Filesystem: rw /data\nXB-Jail-Prepare: /bin/x${' a'.repeat(count - 1)}`,
  'Health interval': (time) => `XB-Jail-Health: tcp://:80 interval=${time} timeout=10ms`,
  'Health timeout': (time) => `XB-Jail-Health: tcp://:80 interval=24h timeout=${time}`,
  'Health words': (_, count) => `XB-Jail-Health: /bin/x${' a'.repeat(count - 1)}`,
  'Restart backoff': (time) => `XB-Jail-Restart: always backoff=${time}`,
  'Stop time': (time) => `XB-Jail-Stop: SIGTERM ${time}`,
  'Prune items': (_, count) => `XB-Jail-Prune: ${list(count, (n) => `/a/${n} `)}`,
  'Inputs files': (_, count) =>
    `XB-Jail-Inputs:${list(count, (n) => `\n https://example.org/${n} sha256:${'0'.repeat(64)}`)}`,
};

/** Their parsers refuse doubles, and there are no more names than the ceiling: it cannot be passed. */
const unreachable = ['Capabilities capabilities', 'Syscalls names'];

const bounds = jailFieldList.flatMap(({ name, bounds: each }) =>
  each.map((bound) => ({ ...bound, id: `${name} ${bound.what}`, name })),
);

function list(count: number, item: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => item(n)).join('');
}

function text(unit: Unit, quantity: number): string {
  if (unit === 'size') return formatSize(quantity);
  if (unit === 'time') return formatDuration(quantity);
  return unit === 'percent' ? `${quantity}%` : String(quantity);
}

function faults(id: string, unit: Unit, quantity: number): string[] {
  const line = written[id]?.(text(unit, quantity), quantity) ?? '';
  const lines = line.startsWith('XB-Jail-Memory') ? line : `${net}${line}`;
  return faultsOf(lines, line.startsWith('XB-Jail-Command') ? 'XB-Jail-Format: 1\n' : undefined);
}

describe('item 11: every time, size and count', () => {
  it('is written in this test', () => {
    expect(bounds.map(({ id }) => id).filter((id) => !unreachable.includes(id))).toEqual(
      Object.keys(written),
    );
  });

  it.each(bounds.filter(({ id }) => id in written))(
    '$id may be $least and $most',
    ({ id, unit, least, most }) => {
      if (least > 0) expect(faults(id, unit, least)).toEqual([]);
      expect(faults(id, unit, most)).toEqual([]);
    },
  );

  it.each(bounds.filter(({ id }) => id in written))(
    '$id is neither less than $least nor more than $most',
    ({ id, name, what, unit, least, most }) => {
      const [above] = faults(id, unit, most + 1);
      expect(above).toContain(`XB-Jail-${name}: ${what} ${text(unit, most + 1)} is too high; allowed: `);
      if (least <= 1) return;
      expect(faults(id, unit, least - 1)[0]).toContain(
        `${what} ${text(unit, least - 1)} is too low; allowed: `,
      );
    },
  );

  it('is never longer than a timer can wait', () => {
    const times = bounds.filter(({ unit }) => unit === 'time');
    expect(times.map(({ id }) => id)).toEqual([
      'Health interval',
      'Health timeout',
      'Restart backoff',
      'Stop time',
    ]);
    for (const { most } of times) expect(most).toBeLessThan(2 ** 31);
  });

  it.each([
    'XB-Jail-Health: /bin/x interval=600h',
    'XB-Jail-Health: /bin/x interval=1ms timeout=1ms',
    'XB-Jail-Stop: SIGTERM 600h',
    'XB-Jail-Stop: SIGTERM 500h',
    'XB-Jail-Stop: SIGTERM 0s',
    'XB-Jail-Filesystem: rw /v size=15T',
    'XB-Jail-Filesystem: rw /v size=8000T',
    'XB-Jail-Memory: 8000T',
  ])('%s: what an attacker declared is refused', (line) => {
    expect(faultsOf(line).join()).toMatch(/is too (?:high|low); allowed: /);
  });

  it('is within its bounds in whatever is read', () => {
    const quantity = fc.oneof(
      fc.nat(),
      fc.maxSafeNat(),
      fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32),
    );
    const unit = fc.constantFrom('', 'K', 'M', 'G', 'T', 'ms', 's', 'min', 'h', '%');
    const single = Object.entries(written).filter(([, write]) => write.length === 1);
    expect(single.length).toBeGreaterThan(8);
    fc.assert(
      fc.property(fc.constantFrom(...single), quantity, unit, ([id, write], amount, suffix) => {
        const line = write(`${amount}${suffix}`, 0);
        const lines = line.startsWith('XB-Jail-Memory') ? line : `${net}${line}`;
        if (faultsOf(lines).length > 0) return;
        const declaration: Readonly<Record<string, unknown>> = declarationOf(lines);
        const bound = bounds.find((each) => each.id === id);
        const values = bound?.of(declaration[id.split(' ')[0]?.toLowerCase() ?? '']) ?? [];
        expect(values.length).toBeGreaterThan(0);
        for (const value of values)
          expect(value >= (bound?.least ?? Infinity) && value <= (bound?.most ?? 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('item 16: Jail-Workdir', () => {
  it.each(['/proc', '/proc/self/fd/7', '/sys/fs/cgroup', '/dev/fd/3', '/dev'])('is not %s', (path) => {
    expect(faultsOf(`XB-Jail-Workdir: ${path}`)).toEqual([
      `jail-field-invalid 4:18: XB-Jail-Workdir: "${path}" is in /${path.split('/')[1] ?? ''}, which the kernel fills; ` +
        'allowed: folders of the rootfs and of mounts',
    ]);
  });

  it.each(['/procs', '/var/proc', '/'])('may be %s', (path) => {
    expect(declarationOf(`XB-Jail-Workdir: ${path}`).workdir).toBe(path);
  });
});
