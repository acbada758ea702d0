import { describe, expect, expectTypeOf, it } from 'vitest';
import { compareFields } from '../../src/control/compare-declarations.ts';
import { compareItems } from '../../src/control/compare-values.ts';
import { Consent } from '../../src/control/consent.ts';
import { valuesSchema } from '../../src/control/declaration-json-schema.ts';
import { exposureOfFields } from '../../src/control/exposure.ts';
import { exposureRow } from '../../src/control/exposure-row.ts';
import { fieldReference } from '../../src/control/field-reference.ts';
import type { JailField, ValuesOf } from '../../src/control/jail-field.ts';
import { jailFields } from '../../src/control/jail-fields.ts';
import { jailFieldsJsonSchema, jailFieldsSchema } from '../../src/control/jail-json-schema.ts';
import { formatFields, parseFields } from '../../src/control/jail-schema.ts';
import type { RunReport } from '../../src/jail/lifecycle/run-options.ts';
import { runSummary } from '../../src/jail/lifecycle/run-summary.ts';
import { declarationOf, jailStanza } from './declarations.ts';

/** A field that no other file knows. */
const devicesField: JailField<string[]> = {
  name: 'Devices',
  required: false,
  default: 'none',
  syntax: 'none | /dev/NAME[, ...]',
  pattern: '^(none|/dev/)',
  doc: 'The devices of the host that the service may open.',
  example: '/dev/ttyS0',
  bounds: [],
  fallback: [],
  parse(field, report) {
    if (field.value.startsWith('/dev/')) return field.value.split(', ');
    report('jail-field-invalid', `"${field.value}" is no device`, field);
    return undefined;
  },
  format: (devices) => devices.join(', ') || 'none',
  json: (z) => z.array(z.string()),
  compare: (before, after) => compareItems(before, after, String),
  exposure: (devices) => [exposureRow('devices', 3, devices.length, devices.join(', ') || 'none')],
  readBack: [],
  summary: (devices) => devices.join(' ') || undefined,
};

const table = { ...jailFields, devices: devicesField };

function read(lines: string) {
  return parseFields(table, () => [], jailStanza(lines), 'debian/control', 'XB-Jail-');
}

function declared(lines: string): ValuesOf<typeof table> {
  const { declaration, diagnostics } = read(lines);
  if (declaration === undefined) throw new Error(JSON.stringify(diagnostics));
  return declaration;
}

/** A run of a jail of which the kernel reports nothing but an empty rootfs. */
function report(declaration: ValuesOf<typeof table>): RunReport {
  return {
    name: 'x',
    version: '1',
    declaration,
    argv: ['/bin/x'],
    pid: 1,
    runtime: 'runc',
    range: { first: 65_536, count: 65_536 },
    inForce: {
      capabilities: { CapInh: 0n, CapPrm: 0n, CapEff: 0n, CapBnd: 0n, CapAmb: 0n },
      noNewPrivileges: true,
      seccomp: 2,
      uids: [],
      gids: [],
      groups: [],
      uidMap: '0 65536 65536',
      gidMap: '0 65536 65536',
      mounts: [],
      limits: { path: '/x', memory: 1, swap: 0, cpu: 1, pids: 1, io: [] },
      sharedNamespaces: [],
      coreLimit: '0 0',
    },
    published: [],
  };
}

const tty = 'XB-Jail-Devices: /dev/ttyS0';

describe('a field that is added to the table', () => {
  it('is a key of the declaration type', () => {
    expectTypeOf<ValuesOf<typeof table>['devices']>().toEqualTypeOf<string[]>();
    expectTypeOf<ValuesOf<typeof table>['memory']>().toEqualTypeOf<number>();
  });

  it('is parsed, and its faults are reported with their place', () => {
    expect(declared(tty).devices).toEqual(['/dev/ttyS0']);
    expect(declared('').devices).toEqual([]);
    expect(read('XB-Jail-Devices: tty').diagnostics).toMatchObject([
      { code: 'jail-field-invalid', line: 4, field: 'XB-Jail-Devices' },
    ]);
    expect(read('XB-Jail-Device: x').diagnostics[0]?.message).toMatch(
      /did you mean "XB-Jail-Devices"\?; allowed: .*XB-Jail-Devices/,
    );
    // the table without it does not know it
    expect(() => declarationOf(tty)).toThrow('jail-field-unknown');
  });

  it('is written to the .deb', () => {
    expect(formatFields(table, declared(tty), 'Jail-').at(-1)).toEqual({
      name: 'Jail-Devices',
      value: '/dev/ttyS0',
    });
  });

  it('is in the JSON Schema of the fields and of the declaration', () => {
    const fields = Object.values(table);
    expect(jailFieldsJsonSchema('Jail-', fields).properties).toMatchObject({
      'Jail-Devices': { 'x-default': 'none', examples: ['/dev/ttyS0'] },
    });
    const stanza = { 'Jail-Format': '1', 'Jail-Command': '/bin/x', 'Jail-Devices': 'tty' };
    expect(jailFieldsSchema('Jail-', fields).safeParse(stanza).success).toBe(false);
    expect(valuesSchema(table).safeParse(declared(tty)).success).toBe(true);
    expect(valuesSchema(table).safeParse({ ...declared(tty), devices: 1 }).success).toBe(false);
    expect(valuesSchema(jailFields).safeParse(declared(tty)).success).toBe(false);
  });

  it('is in the reference', () => {
    const page = fieldReference(Object.values(table));
    expect(page).toContain('| [`Jail-Devices`](#jail-devices) | `none` |');
    expect(page).toContain('## Jail-Devices\n\nThe devices of the host');
  });

  it('is compared in each direction', () => {
    expect(compareFields(table, declared(''), declared(tty))).toEqual([
      { field: 'Jail-Devices', kind: 'gained', new: '/dev/ttyS0' },
    ]);
    expect(compareFields(table, declared(tty), declared(''))).toEqual([
      { field: 'Jail-Devices', kind: 'lost', old: '/dev/ttyS0' },
    ]);
  });

  it('needs consent when it is gained', () => {
    const ask = (accept: boolean) =>
      Consent.ask('web: 2 declares more than 1', table, declared(''), declared(tty), accept);
    expect(() => ask(false)).toThrow('web: 2 declares more than 1:\n  Jail-Devices: /dev/ttyS0');
    expect(ask(true).gained).toHaveLength(1);
    expect(Consent.ask('', table, declared(tty), declared(''), false).gained).toEqual([]);
  });

  it('counts for the exposure', () => {
    const [before, after] = [exposureOfFields(table, declared('')), exposureOfFields(table, declared(tty))];
    expect(after.value - before.value).toBeCloseTo(1);
    expect(after.rows).toContainEqual({ what: 'devices', points: 1, most: 3, why: '/dev/ttyS0' });
  });

  it('is in the summary of a run', () => {
    const lines = runSummary(report(declared(tty)), table);
    expect(lines.find((line) => line.includes('devices'))).toMatch(/^ {2}devices +\/dev\/ttyS0$/);
    expect(runSummary(report(declared('')), table).join()).not.toContain('devices');
  });
});

describe('consent', () => {
  it('is asked for every field: one that is not compared is no field', () => {
    const rest: Omit<typeof devicesField, 'compare'> = { ...devicesField };
    // @ts-expect-error compare is missing
    const field: JailField<string[]> = rest;
    expect(field.name).toBe('Devices');
  });

  it('cannot be made but by asking for it', () => {
    const gainedOf = ({ gained }: Consent) => gained;
    // @ts-expect-error an object of the same shape is no Consent
    expect(gainedOf({ gained: [] })).toEqual([]);
    // @ts-expect-error the constructor is private
    expect(() => new Consent([])).not.toThrow();
  });
});
