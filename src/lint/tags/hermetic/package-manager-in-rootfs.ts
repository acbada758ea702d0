import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';
import { toolsInRootfs } from '../../tools.ts';

export const tag: Tag = {
  id: 'package-manager-in-rootfs',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a package manager is in the rootfs',
  explanation:
    "A jail's software is what its package says. A package manager exists to change that, and " +
    'fetches what an intruder needs from a source that raises no suspicion.',
  fix: 'Leave it out of Depends; fetch at build time what the service needs.',
  references: ['docs/architecture.md'],
  triggers: { rootfs: { 'usr/bin/pip3': { content: '#!/usr/bin/hello\n', mode: 0o755 } } },
  clean: { rootfs: { 'usr/bin/pipe': { elf: {}, mode: 0o755 } } },
  check,
};

const programs =
  /^(?:apt|apt-get|aptitude|dpkg|dpkg-deb|rpm|dnf|yum|apk|pip\d?(?:\.\d+)?|pipx|easy_install\d?|npm|npx|yarn(?:pkg)?|pnpm|gem|cargo|composer|conda|snap|flatpak)$/;

function* check(subject: DebSubject): Iterable<Found> {
  for (const path of toolsInRootfs(subject, programs))
    yield { message: `${path} is a package manager`, context: path, file: path };
}
