import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'configuration-missing',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a configuration file is not in the rootfs',
  explanation:
    'A file is replaced by a mount over it: where the rootfs has no regular file, the jail is refused as soon as an operator sets one.',
  fix: 'Install the file with its defaults, or correct the path.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Configuration: /etc/hello.conf' },
  clean: { control: 'Jail-Configuration: /etc/hello.conf', rootfs: { 'etc/hello.conf': '' } },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  for (const path of declaration?.configuration ?? []) {
    if (rootfs.at(path)?.type === 'file') continue;
    yield {
      message: `${path} is no regular file of the rootfs`,
      context: path,
      field: 'Configuration',
      at: path,
    };
  }
}
