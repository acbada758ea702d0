import { ProdngError } from '../error/prodng-error.ts';
import { compareFields, type DeclarationChange } from './compare-declarations.ts';
import type { FieldTable } from './jail-field.ts';

/**
 * The proof that an operator agreed to every right that one declaration has over another, or that there is none.
 * Only `ask` makes one, so code that takes a Consent cannot be called without the comparison.
 */
export class Consent {
  // private, so that no other object passes for one
  readonly #gained: readonly DeclarationChange[];

  private constructor(gained: readonly DeclarationChange[]) {
    this.#gained = gained;
  }

  /** The rights that were agreed to. */
  get gained(): readonly DeclarationChange[] {
    return this.#gained;
  }

  /**
   * Compares two declarations field by field.
   *
   * @param what the subject of the error: `web: 1.1 declares more than 1.0`
   * @param accept whether the operator agreed to whatever is gained
   * @throws ProdngError CONSENT that names each right gained
   */
  static ask(
    what: string,
    table: FieldTable,
    before: Readonly<Record<string, unknown>>,
    after: Readonly<Record<string, unknown>>,
    accept: boolean,
  ): Consent {
    const gained = compareFields(table, before, after).filter(({ kind }) => kind === 'gained');
    if (gained.length === 0 || accept) return new Consent(gained);
    const lines = gained.map(
      ({ field, old, new: now }) =>
        `  ${field}: ${old === undefined ? '' : `${old} -> `}${now ?? 'no limit'}`,
    );
    throw new ProdngError('CONSENT', `${what}:\n${lines.join('\n')}`, { hint: 'to agree, add: --accept' });
  }
}
