import { checkOf } from '../../observed-check.ts';
import { file } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'volume-never-written',
  family: 'observed',
  severity: 'info',
  certainty: 'certain',
  reads: 'profile',
  summary: 'a place that may be written was never written',
  explanation:
    'The jail may write to a volume or tmpfs, and in the whole record it created, changed or removed nothing there.',
  fix: 'Leave the line out of Jail-Filesystem if the place need not be writable.',
  references: ['mount(2)'],
  triggers: { control: 'Jail-Filesystem: tmp /tmp size=1M', profile: {} },
  clean: { control: 'Jail-Filesystem: tmp /tmp size=1M', profile: { files: [file('created', '/tmp/a')] } },
  check: checkOf('volume-never-written'),
};
