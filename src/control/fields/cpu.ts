import type { Bound } from '../bound.ts';
import { compareAmounts } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import type { JailField } from '../jail-field.ts';

// cpu.max has a quota of at least 1 ms in a period of 100 ms
export const cpuBound: Bound<number> = {
  what: 'share',
  unit: 'percent',
  least: 1,
  most: 102_400,
  of: (percent) => [percent],
};

/** `Jail-Cpu` */
export const cpuField: JailField<number> = {
  name: 'Cpu',
  required: false,
  default: '50%',
  syntax: 'PERCENT%',
  pattern: '^\\d+%$',
  doc: 'The most processor time the jail may use, in percent of one CPU: `200%` is two CPUs.',
  example: '100%',
  bounds: [cpuBound],
  fallback: 50,
  parse(field, report) {
    const digits = /^(\d{1,12})%$/.exec(field.value)?.[1];
    if (digits !== undefined) return Number(digits);
    const meant = /^\d+$/.test(field.value) ? `; did you mean "${field.value}%"?` : '';
    report('jail-field-invalid', `"${field.value}"${meant}; allowed: percent of one CPU, such as 50%`, field);
    return undefined;
  },
  format: formatPercent,
  json: (z) => z.int().positive(),
  compare: (before, after) => compareAmounts(before, after, Number, formatPercent),
  exposure: (percent) => [exposureRow('cpu', 0.2, percent > 400 ? 0.2 : 0, `${percent}%`)],
  readBack: ['cpu'],
  summary: formatPercent,
};

function formatPercent(percent: number): string {
  return `${percent}%`;
}
