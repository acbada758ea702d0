import { isWithin } from '../../../control/jail-path.ts';
import { dataPaths, isStatePlace } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'writable-place-undeclared',
  family: 'filesystem',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'the command names a place for data that is not writable',
  explanation:
    'The rootfs is read-only. A program that is configured to keep its data, its socket or its log in a ' +
    'place that no mount covers fails at its first write.',
  fix: 'Declare the place in Jail-Filesystem: `rw` for what must stay, `tmp` for the rest.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Command: /usr/bin/hello --data /var/lib/hello' },
  clean: {
    control: 'Jail-Command: /usr/bin/hello --data /var/lib/hello\nJail-Filesystem: rw /var/lib/hello size=8M',
  },
  check,
};

function* check(subject: DeclaredSubject): Iterable<Found> {
  const { command, filesystem, workdir } = subject.declaration;
  for (const path of dataPaths(command)) {
    if (filesystem.some((mount) => isWithin(path, mount.path) || isWithin(mount.path, path))) continue;
    // what the package itself brings there is only read
    if (subject.kind === 'deb' && subject.rootfs.at(path)?.type === 'file') continue;
    const message = `${path} is not writable: no mount of Jail-Filesystem covers it`;
    yield { message, context: path, field: 'Command', at: path };
  }
  if (!isStatePlace(workdir) || filesystem.some((mount) => isWithin(workdir, mount.path))) return;
  const message = `${workdir} is not writable: no mount of Jail-Filesystem covers it`;
  yield { message, context: workdir, field: 'Workdir', at: workdir };
}
