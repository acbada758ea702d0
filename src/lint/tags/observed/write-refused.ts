import { checkOf } from '../../observed-check.ts';
import { file } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'write-refused',
  family: 'observed',
  severity: 'warning',
  certainty: 'certain',
  reads: 'profile',
  summary: 'a file was opened or changed and the kernel refused',
  explanation:
    'An open or a change of a file failed with EROFS, EACCES or EPERM: the root file system of a jail is read-only, and the file does not lie in a place that Jail-Filesystem makes writable, or belongs to another user.',
  fix: 'Declare a volume or tmpfs for the place, or configure the service to write elsewhere.',
  references: ['open(2)'],
  triggers: { profile: { files: [file('refused', '/var/cache/hello')] } },
  clean: { profile: { files: [file('read', '/etc/hello.conf')] } },
  check: checkOf('write-refused'),
};
