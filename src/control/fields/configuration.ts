import { countBound } from '../bound.ts';
import { compareItems } from '../compare-values.ts';
import { isNone, lineWords } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { reportPath } from './path-report.ts';

/** `Jail-Configuration` */
export const configurationField: JailField<string[]> = {
  name: 'Configuration',
  required: false,
  default: 'none',
  syntax: 'none | one file a line: PATH',
  doc: `Files of the rootfs that the operator of a host may replace, each by a file that is mounted read-only over it. What is not
replaced is as the package brings it. Every path is a regular file of the rootfs; places of programs cannot be declared.`,
  example: '/etc/hello/hello.conf',
  bounds: [countBound('files', 64)],
  fallback: [],
  parse(field, report) {
    const lines = lineWords(field);
    if (isNone(lines.flat())) return [];
    const extra = lines.find(([, second]) => second !== undefined)?.[1];
    if (extra !== undefined) {
      report('jail-field-invalid', `"${extra.text}" is one word too many; allowed: one PATH a line`, extra);
      return undefined;
    }
    const words = lines.flat();
    const paths = words.filter((word) => reportPath(word.text, word, report)).map(({ text }) => text);
    const twice = paths.findIndex((path, index) => paths.indexOf(path) < index);
    if (twice >= 0)
      report('jail-field-invalid', `${paths[twice]} is declared twice; declare it once`, words[twice]);
    return twice >= 0 || paths.length < words.length ? undefined : paths;
  },
  // not written when empty: a .deb without it stays installable where the field is not known
  format: (paths) => paths.join('\n'),
  json: (z) => z.array(z.string()),
  // what may be replaced is no right of the jail: the operator decides
  compare: (before, after) =>
    compareItems(before, after, String).map((change) => ({ ...change, kind: 'changed' })),
  exposure: () => [],
  readBack: ['mounts'],
  summary: (paths) => paths.join(' ') || undefined,
};
