import { isWithin } from '../../../control/jail-path.ts';
import { programName } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'state-folder-undeclared',
  family: 'filesystem',
  severity: 'info',
  certainty: 'possible',
  reads: 'deb',
  summary: 'a package brings a folder for data, and nothing makes it writable',
  explanation:
    "Debian's packages ship empty folders below /var for what their programs write: logs, caches, " +
    'state. The rootfs is read-only, so that a program that does write there fails.',
  fix:
    'Declare the folder in Jail-Filesystem, or configure the program not to write there (logs to ' +
    'standard output).',
  references: ['FHS 3.0 chapter 5'],
  triggers: { rootfs: { 'var/log/hello': { type: 'directory' } } },
  clean: {
    control: 'Jail-Filesystem: tmp /var/log/hello size=4M',
    rootfs: { 'var/log/hello': { type: 'directory' } },
  },
  check,
};

const parents = ['/var/lib', '/var/cache', '/var/log', '/var/spool'];

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  if (declaration === undefined) return;
  // folders of other packages belong to programs that are not started
  const [program = ''] = programName(declaration.command).split(/[-_.]/);
  const stem = program.replace(/d$/, '');
  if (stem.length < 3) return;
  for (const { path, type } of parents.flatMap((parent) => rootfs.children(parent))) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (type !== 'directory' || !name.startsWith(stem) || rootfs.children(path).length > 0) continue;
    const isCovered = declaration.filesystem.some(
      (mount) => isWithin(path, mount.path) || isWithin(mount.path, path),
    );
    if (isCovered) continue;
    yield { message: `${path} is there to be written to, and is not writable`, context: path, file: path };
  }
}
