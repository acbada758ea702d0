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
  format: (percent) => `${percent}%`,
};
