import { compareSetting } from '../compare-values.ts';
import type { JailField } from '../jail-field.ts';
import { readChoice } from './choice.ts';

/** `Jail-Compose` */
export const composeField: JailField<'extract' | 'install'> = {
  name: 'Compose',
  required: false,
  default: 'extract',
  syntax: 'extract | install',
  choices: ['extract', 'install'],
  doc: `How the rootfs is made from the package's dependencies: \`extract\` only unpacks their files; \`install\` also runs their
maintainer scripts, once, at build time, inside the throwaway build jail.`,
  example: 'install',
  bounds: [],
  fallback: 'extract',
  parse: (field, report) => readChoice(field, ['extract', 'install'], report),
  format: String,
  json: (z) => z.enum(['extract', 'install']),
  compare: compareSetting,
  exposure: () => [],
  readBack: [],
  summary: () => undefined,
};
