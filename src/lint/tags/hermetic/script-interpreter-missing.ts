import type { Found } from '../../finding.ts';
import { programChain } from '../../loader/program-chain.ts';
import { isInSearchPath, searchPathOf, startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'script-interpreter-missing',
  family: 'hermetic',
  severity: 'pedantic',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the interpreter of a script is not in the rootfs',
  explanation:
    'Debian packages come with scripts in Perl and shell that their main programs do not need; their ' +
    'interpreters are essential on a Debian host, and not there in a jail.',
  fix: 'Leave the script out (Jail-Prune), or add its interpreter to Depends if the service runs it.',
  references: ['execve(2)', 'Policy 10.4'],
  triggers: { rootfs: { 'usr/bin/tool': { content: '#!/usr/bin/perl\n', mode: 0o755 } } },
  clean: { rootfs: { 'usr/bin/tool': { content: '#!/usr/bin/hello\n', mode: 0o755 } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const searchPath = searchPathOf(subject.declaration);
  const { files } = startedPrograms(subject);
  const command = subject.declaration?.command[0];
  for (const node of subject.rootfs.nodes.values()) {
    const { path, what } = node;
    if (what?.kind !== 'script' || files.has(path) || path === command) continue;
    if (!isInSearchPath(node, searchPath)) continue;
    const { fault } = programChain(subject.rootfs, path, searchPath);
    if (fault?.kind !== 'missing') continue;
    yield { message: `${fault.path}, which ${path} is run by, is not there`, context: path, file: path };
  }
}
