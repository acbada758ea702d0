import { printable } from '../../../archive/entry-path.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'file-name-unprintable',
  family: 'structure',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: "a file's name holds control characters",
  explanation:
    'Such a name writes to the terminal of the user who lists it, and breaks scripts that read one name per line.',
  fix: 'Rename the file.',
  references: ['Policy 10.10'],
  triggers: { rootfs: { 'usr/share/hello/a\u001b[2Jb': 'x' } },
  clean: { rootfs: { 'usr/share/hello/größe': 'x' } },
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  for (const { path } of deb.entries) {
    if (!/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(path)) continue;
    const name = printable(path);
    yield { message: `${name} holds control characters`, context: name, file: name };
  }
}
