import { formatArgv } from '../argv.ts';
import { countBound, longestArgument } from '../bound.ts';
import { compareSetting } from '../compare-values.ts';
import type { JailField } from '../jail-field.ts';
import { readCommandLine } from './command-line.ts';

/** `Jail-Command` */
export const commandField: JailField<string[]> = {
  name: 'Command',
  required: true,
  syntax: 'PROGRAM [ARGUMENT...]',
  doc: `The service's program, by its absolute path in the jail, and its arguments.

Words are split at blanks and quoted as in a systemd unit's \`ExecStart=\`: \`'single'\` and \`"double"\` quotes and the
backslash escapes \`\\n \\t \\s \\\\ \\" \\' \\xHH \\uHHHH\`. It is **never run through a shell**, and unlike in systemd nothing
is expanded (\`$NAME\` and \`%i\` are literal) and there are no \`@ - + ! :\` prefixes.`,
  example: '/usr/bin/hello --greeting "good morning"',
  bounds: [
    countBound('words', 1024),
    {
      what: 'bytes of a word',
      unit: 'count',
      least: 0,
      most: longestArgument,
      of: (words) => words.map((word) => Buffer.byteLength(word)),
    },
  ],
  fallback: [],
  parse: readCommandLine,
  format: formatArgv,
  json: (z) => z.array(z.string()).min(1),
  compare: (before, after) => compareSetting(formatArgv(before), formatArgv(after)),
  exposure: () => [],
  readBack: [],
  // the summary of a run starts with what is executed, which may be another command
  summary: () => undefined,
};
