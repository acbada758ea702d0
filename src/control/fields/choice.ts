import type { Field } from '../deb822-types.ts';
import type { Report } from '../field-value.ts';
import { didYouMean } from '../suggest.ts';

/** Reads a value that must be one of a few words. */
export function readChoice<const T extends string>(
  field: Field,
  choices: readonly T[],
  report: Report,
): T | undefined {
  const found = choices.find((choice) => choice === field.value);
  if (found === undefined) {
    const meant = didYouMean(field.value, choices);
    report('jail-field-invalid', `"${field.value}"${meant}; allowed: ${choices.join(', ')}`, field);
  }
  return found;
}
