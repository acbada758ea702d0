import { compareSetting } from '../compare-values.ts';
import type { JailField } from '../jail-field.ts';

/** `Jail-Format` */
export const formatField: JailField<1> = {
  name: 'Format',
  required: true,
  syntax: '1',
  choices: ['1'],
  doc: 'The version of this set of fields. A program that does not know the version refuses the jail.',
  example: '1',
  bounds: [],
  fallback: 1,
  parse(field, report) {
    if (field.value === '1') return 1;
    report('jail-field-invalid', `"${field.value}" is not a known format; allowed: 1`, field);
    return undefined;
  },
  format: String,
  json: (z) => z.literal(1),
  compare: (before, after) => compareSetting(String(before), String(after)),
  exposure: () => [],
  readBack: [],
  summary: () => undefined,
};
