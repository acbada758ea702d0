import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilityNames, whyIneffective } from '../../src/control/capabilities.ts';
import { findInconsistencies } from '../../src/control/consistency.ts';
import { formatDeb822, parseDeb822 } from '../../src/control/deb822.ts';
import { jailDeclarationSchema } from '../../src/control/declaration-json-schema.ts';
import type { JailDeclaration } from '../../src/control/jail-declaration.ts';
import { jailFieldList } from '../../src/control/jail-fields.ts';
import { jailFieldsJsonSchema, jailFieldsSchema } from '../../src/control/jail-json-schema.ts';
import { formatJailFields, parseJailDeclaration } from '../../src/control/jail-schema.ts';

const argument = fc.oneof(
  fc.string({ maxLength: 12 }).filter(isArgument),
  fc.string({ unit: 'binary', maxLength: 8 }).filter(isArgument),
  fc.constantFrom(
    '',
    'a b',
    '"',
    "'",
    '\\',
    'interval=1s',
    '\n',
    '\t',
    '\u00a0',
    '\u2028',
    '\ufffd',
    '#x',
    '%s',
    '$x',
  ),
);
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const port = fc.integer({ min: 1, max: 65535 });
const protocol = fc.constantFrom('tcp' as const, 'udp' as const);
const size = fc.integer({ min: 4096, max: 2 ** 40 });
const interval = fc.integer({ min: 1000, max: 86_400_000 });
const time = fc.integer({ min: 10, max: 300_000 });
const command = fc
  .tuple(path, fc.array(argument, { maxLength: 4 }))
  .map(([program, rest]) => [program, ...rest]);

/** All keys but `health`, which alone is optional. */
const declarationKeys = [
  'format',
  'command',
  'user',
  'workdir',
  'environment',
  'capabilities',
  'filesystem',
  'network',
  'listen',
  'connect',
  'memory',
  'cpu',
  'pids',
  'io',
  'syscalls',
  'settings',
  'credentials',
  'configuration',
  'restart',
  'stop',
  'compose',
  'prune',
  'inputs',
] as const satisfies (keyof JailDeclaration)[];

const declarations: fc.Arbitrary<JailDeclaration> = fc
  .record(
    {
      format: fc.constant(1 as const),
      command,
      user: name,
      workdir: path,
      environment: fc.dictionary(
        fc.stringMatching(/^[A-Z_]{1,4}$/),
        fc.stringMatching(/^([!-~]([ -~]{0,8}[!-~])?)?$/),
        {
          noNullPrototype: true,
        },
      ),
      capabilities: fc
        .subarray(capabilityNames.filter((capability) => whyIneffective(capability) === undefined))
        .map((names) => [...names].sort()),
      filesystem: fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant('rw' as const), path, size }, { requiredKeys: ['kind', 'path'] }),
          fc.record({ kind: fc.constant('tmp' as const), path, size }),
          fc.record({ kind: fc.constant('ro' as const), hostPath: path, path }),
        ),
        { maxLength: 3 },
      ),
      network: fc.constantFrom('none' as const, 'loopback' as const, 'macvlan' as const),
      listen: fc.uniqueArray(fc.record({ port, protocol }), {
        maxLength: 3,
        selector: (p) => `${p.port}/${p.protocol}`,
      }),
      connect: fc.oneof(
        fc.record({ kind: fc.constant('any' as const) }).map((rule) => [rule]),
        fc.uniqueArray(
          fc.record({
            kind: fc.constant('host' as const),
            host: fc.oneof(
              name,
              fc.ipV4(),
              fc.constantFrom('10.0.0.0/8', 'fd00::/8', '::1', 'a.example.org'),
            ),
            port,
            protocol,
          }),
          { maxLength: 3, selector: (rule) => JSON.stringify(rule) },
        ),
      ),
      memory: fc.integer({ min: 2 ** 20, max: 2 ** 44 }),
      cpu: fc.integer({ min: 1, max: 102_400 }),
      pids: fc.integer({ min: 1, max: 4_194_304 }),
      io: fc.uniqueArray(
        fc.record(
          {
            device: fc.constantFrom('/dev/vda', '8:0', '259:1'),
            readBytesPerSecond: size,
            writeOperationsPerSecond: fc.integer({ min: 1, max: 999_999 }),
          },
          { requiredKeys: ['device', 'readBytesPerSecond'] },
        ),
        { maxLength: 2, selector: ({ device }) => device },
      ),
      syscalls: fc.subarray(['@system-service', '@mount', 'read', 'mseal'], { minLength: 1 }),
      settings: fc.subarray([
        { name: 'A' },
        { name: 'LEVEL', pattern: '[a-z]{1,8}|"x y"', default: 'info' },
        { name: 'B', default: 'a "b" \\c' },
        { name: 'C_1', pattern: '\\.+' },
      ]),
      credentials: fc.uniqueArray(fc.record({ name, required: fc.boolean() }), {
        maxLength: 3,
        selector: (credential) => credential.name,
      }),
      configuration: fc.uniqueArray(path, { maxLength: 3 }),
      prepare: command,
      health: fc
        .oneof(
          fc.record({ kind: fc.constant('command' as const), argv: command, interval, timeout: time }),
          fc.record({ kind: fc.constant('tcp' as const), port, interval, timeout: time }),
          fc.record({ port, interval, timeout: time }).map((check) => ({
            kind: 'http' as const,
            url: `http://:${check.port}/x`,
            path: '/x',
            ...check,
          })),
        )
        .map((check) => ({ ...check, timeout: Math.min(check.timeout, check.interval) })),
      restart: fc.record({
        policy: fc.constantFrom('no' as const, 'on-failure' as const, 'always' as const),
        backoff: time,
      }),
      stop: fc.record({ signal: fc.constantFrom('SIGTERM', 'SIGUSR1', 'SIGQUIT'), timeout: time }),
      compose: fc.constantFrom('extract' as const, 'install' as const),
      prune: fc.subarray(['docs', 'man', '/usr/share/x/*']),
      inputs: fc.subarray([
        { url: 'https://example.org/a%20b?c=d,e', sha256: '0'.repeat(64), path: 'a/b.txt' },
        { url: 'http://example.org:8080/', sha256: 'f'.repeat(64), path: 'c+d~1.tar.gz' },
      ]),
    },
    { requiredKeys: declarationKeys },
  )
  .filter((declaration) => findInconsistencies(declaration).length === 0);

describe('a declaration', () => {
  it('written as fields of a .deb reads back as the same declaration', () => {
    fc.assert(
      fc.property(declarations, (declaration) => {
        const text = formatDeb822([{ fields: formatJailFields(declaration) }]);
        const [stanza] = parseDeb822(text, 'control');
        const parsed = stanza && parseJailDeclaration(stanza, 'control', 'Jail-');
        expect(parsed).toEqual({ declaration, diagnostics: [] });
      }),
      { numRuns: 300 },
    );
  });

  it('as a value passes the zod schema of the API, and as fields the JSON Schema of the editors', () => {
    const fieldsSchema = jailFieldsSchema('Jail-');
    fc.assert(
      fc.property(declarations, (declaration) => {
        expect(jailDeclarationSchema.parse(JSON.parse(JSON.stringify(declaration)))).toEqual(declaration);
        const fields = Object.fromEntries(
          formatJailFields(declaration).map(({ name, value }) => [name, value]),
        );
        expect(fieldsSchema.safeParse(fields).error).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it('never throws, whatever a field contains', () => {
    const value = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc
        .array(fc.constantFrom(...jailFieldList.flatMap((field) => field.example.split(/\b/)), '\n '), {
          maxLength: 12,
        })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.constantFrom(...jailFieldList), value, (info, raw) => {
        const text = raw.replace(/[\0\r\ufffd]/g, '').replace(/\n\s*/g, '\n ');
        const [stanza] = parseDeb822(
          formatDeb822([{ fields: [{ name: `Jail-${info.name}`, value: text }] }]),
          'c',
        );
        const { declaration, diagnostics } = parseJailDeclaration(stanza ?? fail(), 'c', 'Jail-');
        expect(declaration === undefined).toBe(diagnostics.length > 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the JSON Schema', () => {
  it('has every field with its documentation, and refuses what the parser refuses', () => {
    const schema = jailFieldsJsonSchema();
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ['XB-Jail-Format', 'XB-Jail-Command'],
    });
    expect(Object.keys(schema.properties ?? {})).toEqual(
      jailFieldList.map((field) => `XB-Jail-${field.name}`),
    );
    const wrong = { 'Jail-Format': '1', 'Jail-Command': '/bin/x', 'Jail-Cpu': '0%', 'Jail-Nothing': '' };
    expect(
      jailFieldsSchema('Jail-')
        .safeParse(wrong)
        .error?.issues.map((issue) => issue.code),
    ).toEqual(['custom', 'unrecognized_keys']);
  });
});

function isArgument(text: string): boolean {
  return !text.includes('\0') && !/[\ud800-\udfff]/u.test(text);
}

function fail(): never {
  throw new Error('no stanza');
}
