import type { Bound } from '../bound.ts';
import { compareAmounts } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import type { JailField } from '../jail-field.ts';

// PID_MAX_LIMIT of 64-bit kernels
export const pidsBound: Bound<number> = {
  what: 'number',
  unit: 'count',
  least: 1,
  most: 4_194_304,
  of: (count) => [count],
};

/** `Jail-Pids` */
export const pidsField: JailField<number> = {
  name: 'Pids',
  required: false,
  default: '32',
  syntax: 'NUMBER',
  pattern: '^\\d{1,7}$',
  doc: 'The most processes and threads the jail may have at once.',
  example: '64',
  bounds: [pidsBound],
  fallback: 32,
  parse(field, report) {
    if (/^\d{1,12}$/.test(field.value)) return Number(field.value);
    report('jail-field-invalid', `"${field.value}"; allowed: a whole number`, field);
    return undefined;
  },
  format: String,
  json: (z) => z.int().positive(),
  compare: (before, after) => compareAmounts(before, after, Number, String),
  exposure: (count) => [exposureRow('processes', 0.1, count > 4096 ? 0.1 : 0, String(count))],
  readBack: ['pids'],
  summary: String,
};
