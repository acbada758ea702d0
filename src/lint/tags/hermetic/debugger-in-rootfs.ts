import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';
import { toolsInRootfs } from '../../tools.ts';

export const tag: Tag = {
  id: 'debugger-in-rootfs',
  family: 'hermetic',
  severity: 'info',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a debugger or tracer is in the rootfs',
  explanation: 'It can inspect other processes of the jail and read secrets from their memory.',
  fix:
    "Leave it out of Depends; `prodng run --shell` and the host's own tools inspect a jail from " +
    'outside.',
  references: ['ptrace(2)'],
  triggers: { rootfs: { 'usr/bin/gdb': { elf: {}, mode: 0o755 } } },
  clean: { rootfs: { 'usr/bin/gdbus': { elf: {}, mode: 0o755 } } },
  check,
};

const programs = /^(?:gdb|gdbserver|lldb(?:-\d+)?|strace|ltrace|perf|bpftrace|tcpdump|tshark)$/;

function* check(subject: DebSubject): Iterable<Found> {
  for (const path of toolsInRootfs(subject, programs))
    yield { message: `${path} inspects other processes or the network`, context: path, file: path };
}
