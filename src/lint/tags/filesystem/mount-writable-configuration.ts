import { isWithin } from '../../../control/jail-path.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-writable-configuration',
  family: 'filesystem',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'a part of the configuration is writable',
  explanation: 'A service that may write its own configuration keeps whatever an intruder wrote there.',
  fix: 'Generate what must change at run time below /run, and let the program read it from there.',
  references: ['FHS 3.0 section 3.7'],
  triggers: { control: 'Jail-Filesystem: rw /etc/hello size=1M' },
  clean: { control: 'Jail-Filesystem: tmp /run/hello size=1M' },
  check,
};

function* check({ declaration: { filesystem } }: DeclaredSubject): Iterable<Found> {
  for (const { kind, path } of filesystem) {
    if (kind === 'ro' || path === '/etc' || !isWithin(path, '/etc')) continue;
    const message = `${path}: configuration that the service itself may change`;
    yield { message, context: path, field: 'Filesystem', at: path };
  }
}
