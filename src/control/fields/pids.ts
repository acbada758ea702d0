import { compareAmounts } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import type { JailField } from '../jail-field.ts';

/** `Jail-Pids` */
export const pidsField: JailField<number> = {
  name: 'Pids',
  required: false,
  default: '32',
  syntax: 'NUMBER',
  pattern: '^\\d{1,7}$',
  doc: 'The most processes and threads the jail may have at once.',
  example: '64',
  fallback: 32,
  parse(field, report) {
    const count = /^\d{1,7}$/.test(field.value) ? Number(field.value) : 0;
    // PID_MAX_LIMIT of 64-bit kernels
    if (count >= 1 && count <= 4_194_304) return count;
    report('jail-field-invalid', `"${field.value}"; allowed: a whole number from 1 to 4194304`, field);
    return undefined;
  },
  format: String,
  json: (z) => z.int().positive(),
  compare: (before, after) => compareAmounts(before, after, Number, String),
  exposure: (count) => [exposureRow('processes', 0.1, count > 4096 ? 0.1 : 0, String(count))],
  readBack: ['pids'],
  summary: String,
};
