import { formatArgv, splitArgv } from '../argv.ts';
import { countBound, longestArgument } from '../bound.ts';
import { compareSetting } from '../compare-values.ts';
import type { JailField } from '../jail-field.ts';

/** `Jail-Command` */
export const commandField: JailField<string[]> = {
  name: 'Command',
  required: true,
  syntax: 'PROGRAM [ARGUMENT...]',
  doc: `The service's program, by its absolute path in the jail, and its arguments.

Words are split at blanks and quoted as in a systemd unit's \`ExecStart=\`: \`'single'\` and \`"double"\` quotes and the
backslash escapes \`\\n \\t \\s \\\\ \\" \\' \\xHH \\uHHHH\`. It is **never run through a shell**, and unlike in systemd nothing
is expanded (\`$NAME\` and \`%i\` stand for themselves) and there are no \`@ - + ! :\` prefixes.`,
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
  parse(field, report) {
    const { words, fault } = splitArgv(field.lines());
    if (fault !== undefined) {
      report(
        'jail-field-invalid',
        `${fault.message}; write it as in ExecStart= of systemd.service(5)`,
        fault,
      );
      return undefined;
    }
    const [program] = words;
    if (program === undefined) {
      report('jail-field-invalid', 'no program; allowed: an absolute path and its arguments', field);
      return undefined;
    }
    if (/^[-@:+!|]+\//.test(program.text)) {
      report(
        'command-prefix',
        `systemd's prefix in "${program.text}" has no meaning here; remove it`,
        program,
      );
      return undefined;
    }
    if (!program.text.startsWith('/') || program.text.endsWith('/')) {
      report(
        'command-not-absolute',
        `"${program.text}" is not an absolute path; no search path applies: write /usr/bin/${program.text.split('/').at(-1) || 'PROGRAM'} or where it is`,
        program,
      );
      return undefined;
    }
    return words.map((word) => word.text);
  },
  format: formatArgv,
  json: (z) => z.array(z.string()).min(1),
  compare: (before, after) => compareSetting(formatArgv(before), formatArgv(after)),
  exposure: () => [],
  readBack: [],
  // the summary of a run starts with what is executed, which may be another command
  summary: () => undefined,
};
