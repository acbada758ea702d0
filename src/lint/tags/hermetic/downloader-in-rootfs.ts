import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';
import { toolsInRootfs } from '../../tools.ts';

export const tag: Tag = {
  id: 'downloader-in-rootfs',
  family: 'hermetic',
  severity: 'info',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a program that fetches files is in the rootfs',
  explanation: "Most break-ins begin by having a program of the victim's own fetch the next part.",
  fix: 'Leave it out of Depends if the service does not use it.',
  references: ['docs/architecture.md'],
  triggers: { rootfs: { 'usr/bin/wget': { elf: {}, mode: 0o755 } } },
  clean: { rootfs: { 'usr/bin/target': { elf: {}, mode: 0o755 } } },
  check,
};

const programs =
  /^(?:wget|curl|aria2c|axel|lynx|w3m|ftp|tftp|scp|sftp|rsync|nc(?:\.\w+)?|ncat|netcat|socat|telnet)$/;

function* check(subject: DebSubject): Iterable<Found> {
  for (const path of toolsInRootfs(subject, programs))
    yield { message: `${path} fetches files, or opens connections`, context: path, file: path };
}
