import { isWithin } from '../../../control/jail-path.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'workdir-missing',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the working folder is not in the rootfs',
  explanation: 'The runtime cannot change to it, and cannot make it in a read-only rootfs.',
  fix: 'Correct Jail-Workdir, or install the folder.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Workdir: /usr/share/hello' },
  clean: { control: 'Jail-Workdir: /usr/share/doc' },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  if (declaration === undefined || rootfs.at(declaration.workdir)?.type === 'directory') return;
  const { workdir, filesystem } = declaration;
  if (filesystem.some(({ path }) => isWithin(workdir, path))) return;
  yield { message: `${workdir} is not a folder of the rootfs`, context: workdir, field: 'Workdir' };
}
