import { compareAmounts } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import type { JailField } from '../jail-field.ts';

/** `Jail-Cpu` */
export const cpuField: JailField<number> = {
  name: 'Cpu',
  required: false,
  default: '50%',
  syntax: 'PERCENT%',
  pattern: '^\\d+%$',
  doc: 'The most processor time the jail may use, in percent of one CPU: `200%` is two CPUs.',
  example: '100%',
  fallback: 50,
  parse(field, report) {
    const percent = Number(/^(\d{1,6})%$/.exec(field.value)?.[1] ?? Number.NaN);
    // cpu.max has a quota of at least 1 ms in a period of 100 ms
    if (percent >= 1 && percent <= 102_400) return percent;
    const meant = /^\d+$/.test(field.value) ? `; did you mean "${field.value}%"?` : '';
    report('jail-field-invalid', `"${field.value}"${meant}; allowed: 1% to 102400% of one CPU`, field);
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
