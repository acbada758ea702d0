import { describe, it } from 'vitest';
import type { ErrorCode } from '../../src/error/codes.ts';
import { debOf } from './raw-archive.ts';
import { expectRefusal } from './refusal.ts';
import { scratchFolder } from './scratch.ts';

/** A hostile data.tar and what is said about it. */
export type Attack = [what: string, data: Buffer, code: ErrorCode, message: string];

/** One test each: the .deb is refused, by the name of its entry, and nothing is written. */
export function describeAttacks(what: string, attacks: Attack[]): void {
  const scratch = scratchFolder();
  describe(`${what} are refused by name, and nothing is written`, () => {
    it.each(attacks)('%s', async (_, data, code, message) => {
      await expectRefusal(scratch, debOf(data), { code, message: literally(message) });
    });
  });
}

function literally(message: string): RegExp {
  return new RegExp(message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}
