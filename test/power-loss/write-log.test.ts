import fc from 'fast-check';
import { expect, it } from 'vitest';
import { powerLosses } from './power-losses.ts';
import { type LogEntry, parseWriteLog } from './write-log.ts';

const sector = 512;

/** As the kernel's Documentation/admin-guide/device-mapper/log-writes.rst has it. */
function encode(entries: readonly LogEntry[]): Buffer {
  const head = Buffer.alloc(sector);
  head.writeBigUInt64LE(0x6a736677736872n, 0);
  head.writeBigUInt64LE(1n, 8);
  head.writeBigUInt64LE(BigInt(entries.length), 16);
  head.writeUInt32LE(sector, 24);
  const parts = entries.flatMap(({ offset, data, flush, fua }) => {
    const block = Buffer.alloc(sector);
    block.writeBigUInt64LE(BigInt(offset / sector), 0);
    block.writeBigUInt64LE(BigInt(data.length / sector), 8);
    block.writeBigUInt64LE((flush ? 1n : 0n) | (fua ? 2n : 0n), 16);
    return [block, Buffer.from(data)];
  });
  return Buffer.concat([head, ...parts]);
}

const entry: fc.Arbitrary<LogEntry> = fc
  .record({
    place: fc.nat(1000),
    sectors: fc.nat(3),
    byte: fc.integer({ min: 0, max: 255 }),
    flush: fc.boolean(),
    fua: fc.boolean(),
  })
  .map(({ place, sectors, byte, flush, fua }) => ({
    offset: place * sector,
    data: new Uint8Array(sectors * sector).fill(byte),
    flush,
    fua,
  }));

it('reads what was logged', () => {
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const read = parseWriteLog(encode(entries));
      expect(read.map(({ data, ...rest }) => ({ ...rest, data: new Uint8Array(data) }))).toEqual(entries);
    }),
  );
});

it('refuses a log that is cut off anywhere', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1 }), fc.nat(), (entries, at) => {
      const log = encode(entries);
      expect(() => parseWriteLog(log.subarray(0, at % log.length))).toThrow();
    }),
  );
});

it('lets go of nothing that was flushed, and the power go all over the log', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1 }),
      fc.integer({ min: 3, max: 60 }),
      fc.nat(),
      (entries, count, seed) => {
        const losses = powerLosses(entries, 0, count, seed);
        expect(losses.length).toBe(count);
        for (const { at, settled, alsoWritten } of losses) {
          expect(settled).toBeLessThanOrEqual(at);
          expect(entries.slice(settled, at).some(({ flush }) => flush)).toBe(false);
          for (const index of alsoWritten) expect(index >= settled && index < at).toBe(true);
        }
      },
    ),
  );
});
