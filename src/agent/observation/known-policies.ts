import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errnoOf } from '../../error/prodng-error.ts';
import type { HostPolicy } from '../../policy/policy.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import { policyRuleSchema } from './note.ts';

const knownSchema = z.strictObject({
  format: z.literal(1),
  /** By path of the file. */
  policies: z.record(
    z.string(),
    z.strictObject({
      name: z.string(),
      jails: z.array(z.string()),
      mode: z.enum(['enforce', 'observe']),
      rules: z.array(policyRuleSchema),
    }),
  ),
});

/** The policies of the host as they were read last, for the next agent too: a change between the two is a change. */
export class KnownPolicies {
  readonly #file: string;
  #policies: Map<string, HostPolicy> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** By path of the file. What cannot be read counts as none. */
  async all(): Promise<Map<string, HostPolicy>> {
    this.#policies ??= await this.#read();
    return this.#policies;
  }

  /** Keeps what has changed in `all`; one call at a time. */
  async keep(): Promise<void> {
    const policies = Object.fromEntries(this.#policies ?? []);
    await writeFileAtomic(this.#file, `${JSON.stringify({ format: 1, policies })}\n`, 0o600);
  }

  async #read(): Promise<Map<string, HostPolicy>> {
    try {
      const parsed = knownSchema.safeParse(JSON.parse(await readFile(this.#file, 'utf8')));
      return new Map(Object.entries(parsed.data?.policies ?? {}));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return new Map();
      throw error;
    }
  }
}
