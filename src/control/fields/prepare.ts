import { formatArgv } from '../argv.ts';
import { countBound } from '../bound.ts';
import { compareSetting } from '../compare-values.ts';
import type { JailField } from '../jail-field.ts';
import { readCommandLine } from './command-line.ts';

/** `Jail-Prepare` */
export const prepareField: JailField<string[] | undefined> = {
  name: 'Prepare',
  required: false,
  default: 'none',
  syntax: 'none | PROGRAM [ARGUMENT...]',
  doc: `A program that fills a new volume before the service first starts with it, such as \`initdb\`. It runs in the jail as its
user, with the jail's rights and limits, until it exits with 0 once for each volume; when it fails, the service is not
started. It may be ended at any moment and run again: it must be idempotent. Quoted as in \`Jail-Command\`.`,
  example: '/usr/bin/hello --initialise /var/lib/hello',
  bounds: [{ ...countBound('words', 1024), of: (words) => [words?.length ?? 0] }],
  fallback: undefined,
  parse: (field, report) => (field.value === 'none' ? undefined : readCommandLine(field, report)),
  // not written when empty: a .deb without it stays installable where the field is not known
  format: (words) => (words === undefined ? '' : formatArgv(words)),
  json: (z) => z.array(z.string()).min(1).optional(),
  compare: (before, after) =>
    compareSetting(
      before === undefined ? '' : formatArgv(before),
      after === undefined ? '' : formatArgv(after),
    ),
  exposure: () => [],
  readBack: [],
  summary: (words) => (words === undefined ? undefined : formatArgv(words)),
};
