import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';
import { toolsInRootfs } from '../../tools.ts';

export const tag: Tag = {
  id: 'shell-in-rootfs',
  family: 'hermetic',
  severity: 'info',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a shell is in the rootfs',
  explanation: 'Many attacks end in starting a shell. A service that needs none is better off without.',
  fix: 'Leave it out of Depends if the service does not use it.',
  references: ['docs/architecture.md'],
  triggers: { rootfs: { 'usr/bin/bash': { elf: {}, mode: 0o755 } } },
  clean: { rootfs: { 'usr/bin/bashful': { elf: {}, mode: 0o755 } } },
  check,
};

const programs = /^(?:sh|bash|rbash|dash|ash|ksh\w*|mksh|zsh\d?|tcsh|csh|fish|busybox)$/;

function* check(subject: DebSubject): Iterable<Found> {
  for (const path of toolsInRootfs(subject, programs))
    yield { message: `${path} is a shell`, context: path, file: path };
}
