import { compareSetting } from '../compare-values.ts';
import type { JailField } from '../jail-field.ts';
import { reportPath } from './path-report.ts';

/** `Jail-Workdir` */
export const workdirField: JailField<string> = {
  name: 'Workdir',
  required: false,
  default: '/',
  syntax: 'PATH',
  pattern: '^/',
  doc: 'The folder in the jail that the service starts in.',
  example: '/var/lib/hello',
  bounds: [],
  fallback: '/',
  parse(field, report) {
    return reportPath(field.value, field, report) ? field.value : undefined;
  },
  format: String,
  json: (z) => z.string(),
  compare: compareSetting,
  exposure: () => [],
  readBack: [],
  summary: (path) => (path === '/' ? undefined : path),
};
