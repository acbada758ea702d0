import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'file-unreadable',
  family: 'filesystem',
  severity: 'error',
  certainty: 'likely',
  reads: 'deb',
  summary: 'the service is told to read a file that its user may not read',
  explanation:
    'All of a rootfs belongs to root. A service with another Jail-User reads a file of its command, its environment or Jail-Configuration only where the file has the bit r for others, and every folder above it the bit x.',
  fix: 'Install the file with mode 0644, and its folders with 0755; what is secret belongs into Jail-Credentials.',
  references: ['path_resolution(7)', 'docs/control-fields.md'],
  triggers: {
    control: 'Jail-User: jail\nJail-Command: /usr/bin/hello --config=/etc/hello.conf',
    rootfs: { 'etc/hello.conf': { content: 'x', mode: 0o640 } },
  },
  clean: {
    control: 'Jail-User: jail\nJail-Command: /usr/bin/hello --config=/etc/hello.conf',
    rootfs: { 'etc/hello.conf': { content: 'x', mode: 0o644 } },
  },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  if (declaration === undefined || declaration.user === 'root') return;
  const named = [
    ...declaration.command.slice(1).map((word) => ({ field: 'Command', word })),
    ...Object.values(declaration.environment).map((word) => ({ field: 'Environment', word })),
    ...declaration.configuration.map((word) => ({ field: 'Configuration', word })),
  ] as const;
  for (const { field, word } of named) {
    const path = /(?:^|[=:@])(\/[^\s:,=]+)$/.exec(word)?.[1];
    if (path === undefined) continue;
    const found = rootfs.at(path);
    if (found?.type !== 'file') continue;
    const closed = closedAbove(rootfs, found.path) ?? ((found.mode & 0o004) === 0 ? found.path : undefined);
    if (closed === undefined) continue;
    const message = `${path}: ${closed === found.path ? 'the file' : closed} is closed to ${declaration.user}`;
    yield { message, context: path, field, at: word };
  }
}

/** The first folder on the way to a file that others may not search. */
function closedAbove(rootfs: DebSubject['rootfs'], path: string): string | undefined {
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
    const folder = rootfs.nodes.get(path.slice(0, at));
    if (folder?.type === 'directory' && (folder.mode & 0o001) === 0) return folder.path;
  }
  return undefined;
}
