import { splitArgv } from '../argv.ts';
import type { Field } from '../deb822-types.ts';
import type { Report } from '../field-value.ts';

/** Reads a program by its absolute path and its arguments, quoted as in ExecStart= of systemd.service(5). */
export function readCommandLine(field: Field, report: Report): string[] | undefined {
  const { words, fault } = splitArgv(field.lines());
  if (fault !== undefined) {
    report('jail-field-invalid', `${fault.message}; write it as in ExecStart= of systemd.service(5)`, fault);
    return undefined;
  }
  const [program] = words;
  if (program === undefined) {
    report('jail-field-invalid', 'no program; allowed: an absolute path and its arguments', field);
    return undefined;
  }
  if (/^[-@:+!|]+\//.test(program.text)) {
    report('command-prefix', `systemd's prefix in "${program.text}" has no meaning here; remove it`, program);
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
}
