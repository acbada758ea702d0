import type { Bound } from '../bound.ts';
import { compareAmounts } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import type { JailField } from '../jail-field.ts';
import { formatSize, parseSize, sizeSyntax } from '../quantity.ts';

// with less a runtime cannot even set the jail up
export const memoryBound: Bound<number> = {
  what: 'memory',
  unit: 'size',
  least: 2 ** 20,
  most: 2 ** 44,
  of: (bytes) => [bytes],
};

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
  bounds: [memoryBound],
  fallback: 64 * 2 ** 20,
  parse(field, report) {
    const bytes = parseSize(field.value);
    if (bytes !== undefined) return bytes;
    report('jail-field-invalid', `"${field.value}" is not a size; allowed: ${sizeSyntax}`, field);
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
