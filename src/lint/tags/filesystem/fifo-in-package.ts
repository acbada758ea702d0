import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'fifo-in-package',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a fifo is in the package',
  explanation:
    'A program that opens it waits for the other end; nothing that reads a tree (backups, checksums, grep) ' +
    'comes to an end there.',
  fix: 'Have the program make it at run time, below /run.',
  references: ['fifo(7)'],
  triggers: { rootfs: { 'usr/lib/hello/control': { type: 'fifo' } } },
  clean: { rootfs: { 'usr/lib/hello/control': 'x' } },
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  for (const { path, type } of deb.entries) {
    if (type !== 'fifo') continue;
    yield { message: `${path} is a fifo`, context: path, file: path };
  }
}
