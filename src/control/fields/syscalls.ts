import { countBound } from '../bound.ts';
import { compareItems } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import { listWords } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { didYouMean } from '../suggest.ts';
import { isSyscallName, syscallGroups, syscallNames } from '../syscalls.ts';

const allowed =
  'allowed: groups and names as in SystemCallFilter= of systemd.exec(5), such as @system-service, mlock';

/** Groups whose calls change the host or the kernel. */
const dangerousGroups = new Set(
  'clock cpu-emulation debug known module mount obsolete privileged raw-io reboot swap'
    .split(' ')
    .map((name) => `@${name}`),
);

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
  bounds: [countBound('names', 1024)],
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
  json: (z) => z.array(z.string()),
  compare: (before, after) => compareItems(before, after, String),
  exposure(names) {
    const dangerous = names.filter((name) => dangerousGroups.has(name));
    if (dangerous.length > 0)
      return [exposureRow('system calls', 1.5, 0.8 * dangerous.length, dangerous.join(', '))];
    return names.includes('@system-service')
      ? [exposureRow('system calls', 1.5, 0.3, '@system-service')]
      : [exposureRow('system calls', 1.5, 0.1, `${names.length} names`)];
  },
  readBack: ['seccomp'],
  summary: (names) => `${names.join(' ')} only`,
};

function unknownSyscall(text: string): string {
  if (text.startsWith('~')) return `"${text}": only what is allowed can be listed, not what is denied`;
  const candidates = text.startsWith('@') ? syscallGroups : syscallNames();
  return `"${text}" is not a ${text.startsWith('@') ? 'group of system calls' : 'system call'}${didYouMean(text, candidates)}`;
}
