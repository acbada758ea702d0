import { compareAmounts } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import type { JailField } from '../jail-field.ts';
import { formatSize, parseSize, sizeSyntax } from '../quantity.ts';

/** Below this a runtime cannot even set the jail up. */
const least = 2 ** 20;

/** `Jail-Memory` */
export const memoryField: JailField<number> = {
  name: 'Memory',
  required: false,
  default: '64M',
  syntax: 'SIZE',
  pattern: '^\\d+[KMGT]?$',
  doc: `The most memory the jail may use, its tmpfs mounts and page cache included; beyond it the kernel kills. There is no swap
and no "unlimited".`,
  example: '256M',
  fallback: 64 * 2 ** 20,
  parse(field, report) {
    const bytes = parseSize(field.value);
    if (bytes !== undefined && bytes >= least) return bytes;
    report(
      'jail-field-invalid',
      `"${field.value}" is not a size of 1M or more; allowed: ${sizeSyntax}`,
      field,
    );
    return undefined;
  },
  format: formatSize,
  json: (z) => z.int().positive(),
  compare: (before, after) => compareAmounts(before, after, Number, formatSize),
  exposure: (bytes) => [
    exposureRow('memory', 0.2, bytes > 2 ** 32 ? 0.2 : 0, `${Math.round(bytes / 2 ** 20)} MiB`),
  ],
  readBack: ['memory'],
  summary: formatSize,
};
