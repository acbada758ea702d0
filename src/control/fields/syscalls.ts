import { listWords } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { didYouMean } from '../suggest.ts';
import { isSyscallName, syscallGroups, syscallNames } from '../syscalls.ts';

const allowed =
  'allowed: groups and names as in SystemCallFilter= of systemd.exec(5), such as @system-service, mlock';

/** `Jail-Syscalls` */
export const syscallsField: JailField<string[]> = {
  name: 'Syscalls',
  required: false,
  default: '@system-service',
  syntax: '@GROUP | NAME[, ...]',
  doc: `The system calls that the service may make, as groups and names of systemd's \`SystemCallFilter=\`
(\`systemd-analyze syscall-filter\` lists them). It is an allow-list only: there is no \`~\`. What is not in it fails with
\`EPERM\`.`,
  example: '@system-service, @memlock',
  fallback: ['@system-service'],
  parse(field, report) {
    const words = listWords(field);
    if (words.length === 0) report('jail-field-invalid', `nothing is allowed; ${allowed}`, field);
    let valid = words.length > 0;
    for (const word of words) {
      if (syscallGroups.includes(word.text) || isSyscallName(word.text)) continue;
      valid = false;
      report('syscall-unknown', `${unknownSyscall(word.text)}; ${allowed}`, word);
    }
    return valid ? [...new Set(words.map((word) => word.text))] : undefined;
  },
  format: (names) => names.join(', '),
};

function unknownSyscall(text: string): string {
  if (text.startsWith('~')) return `"${text}": only what is allowed can be listed, not what is denied`;
  const candidates = text.startsWith('@') ? syscallGroups : syscallNames();
  return `"${text}" is not a ${text.startsWith('@') ? 'group of system calls' : 'system call'}${didYouMean(text, candidates)}`;
}
