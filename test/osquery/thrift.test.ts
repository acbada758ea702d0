import fc from 'fast-check';
import { expect, it } from 'vitest';
import { above, constraintsOf, isLike, mayMatch } from '../../src/osquery/table.ts';
import {
  type ThriftMessage,
  ThriftReader,
  type ThriftValue,
  writeMessage,
} from '../../src/osquery/thrift.ts';

const scalar: fc.Arbitrary<ThriftValue> = fc.oneof(
  fc.boolean().map((value): ThriftValue => ({ type: 'bool', value })),
  fc.integer({ min: -128, max: 127 }).map((value): ThriftValue => ({ type: 'byte', value })),
  fc.integer({ min: -32_768, max: 32_767 }).map((value): ThriftValue => ({ type: 'i16', value })),
  fc.integer().map((value): ThriftValue => ({ type: 'i32', value })),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((value): ThriftValue => ({ type: 'i64', value })),
  fc.double({ noNaN: true }).map((value): ThriftValue => ({ type: 'double', value })),
  fc.string({ unit: 'grapheme' }).map((value): ThriftValue => ({ type: 'string', value })),
);
const texts = fc.array(fc.string().map((value): ThriftValue => ({ type: 'string', value })));
const value: fc.Arbitrary<ThriftValue> = fc.oneof(
  scalar,
  texts.map((list): ThriftValue => ({ type: 'list', value: list })),
  fc.array(fc.tuple(fc.string(), fc.integer())).map(
    (pairs): ThriftValue => ({
      type: 'map',
      value: pairs.map(([key, number]) => [
        { type: 'string', value: key },
        { type: 'i32', value: number },
      ]),
    }),
  ),
  fc
    .array(fc.tuple(fc.nat(1000), scalar))
    .map((fields): ThriftValue => ({ type: 'struct', value: new Map(fields) })),
);
const message: fc.Arbitrary<ThriftMessage> = fc.record({
  name: fc.string(),
  type: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
  sequence: fc.integer(),
  body: fc.array(fc.tuple(fc.nat(1000), value)).map((fields) => new Map(fields)),
});

it('reads what it wrote, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 40 })),
      (messages, cuts) => {
        const bytes = Buffer.concat(messages.map(writeMessage));
        const reader = new ThriftReader();
        const read: ThriftMessage[] = [];
        let at = 0;
        for (let turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % Math.max(1, cuts.length)] ?? bytes.length;
          read.push(...reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(read).toEqual(messages);
      },
    ),
  );
});

it('refuses lengths of 2^31 and endless nesting, and never throws anything but its own error', () => {
  const call = (...rest: number[]) => Buffer.from([0x80, 1, 0, 1, 0, 0, 0, 1, 0x78, 0, 0, 0, 1, ...rest]);
  const huge = [0x7f, 0xff, 0xff, 0xff];
  for (const bytes of [
    Buffer.from([0x80, 1, 0, 1, ...huge]),
    Buffer.from([0x80, 1, 0, 1, 0xff, 0xff, 0xff, 0xff]),
    call(11, 0, 1, ...huge),
    call(15, 0, 1, 2, ...huge),
    call(13, 0, 1, 11, 11, ...huge),
    call(...Array.from({ length: 40 }, () => [12, 0, 1]).flat()),
    call(99, 0, 1),
    Buffer.from('GET / HTTP/1.1\r\n'),
  ])
    expect(() => new ThriftReader().push(bytes)).toThrow(/cannot be read/);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new ThriftReader().push(call(...bytes));
      } catch (error) {
        expect(String(error)).toContain('cannot be read');
      }
    }),
    { numRuns: 1000 },
  );
});

it('reads the constraints of a query, and takes what is none as none', () => {
  const context = JSON.stringify({
    constraints: [
      { name: 'seq', affinity: 'INTEGER', list: [{ op: 4, expr: '7' }] },
      { name: 'jail', affinity: 'TEXT', list: [{ op: 2, expr: 'web' }] },
    ],
  });
  const constraints = constraintsOf(context);
  expect(above(constraints, 'seq')).toBe(7);
  expect(mayMatch(constraints, 'jail', 'web')).toBe(true);
  expect(mayMatch(constraints, 'jail', 'db')).toBe(false);
  expect(mayMatch(constraints, 'name', 'db')).toBe(true);
  fc.assert(
    fc.property(
      fc.json(),
      (json) => Array.isArray(constraintsOf(json)) && Array.isArray(constraintsOf(`{"constraints":${json}}`)),
    ),
  );
});

it('compares by LIKE as SQLite does', () => {
  for (const [pattern, value, result] of [
    ['web%', 'web-1', true],
    ['%1', 'web-1', true],
    ['w_b', 'WEB', true],
    ['w_b', 'weeb', false],
    ['%a%b%', 'xxaxxbxx', true],
    ['%a%b', 'bbaa', false],
    ['', '', true],
    ['%', '', true],
    ['.*', 'web', false],
    ['a%b%c', 'abbcbc', true],
  ] as const)
    expect([pattern, value, isLike(pattern, value)]).toEqual([pattern, value, result]);
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '%', '_', '.'), maxLength: 8 });
  const asRegExp = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('%', '.*').replaceAll('_', '.')}$`, 's');
  fc.assert(
    fc.property(text, text, (pattern, value) => isLike(pattern, value) === asRegExp(pattern).test(value)),
  );
  // a regular expression would take years
  expect(isLike('%a'.repeat(2000), `${'a'.repeat(1900)}b`)).toBe(false);
});
