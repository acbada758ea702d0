import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'syscalls-dangerous',
  family: 'command',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'system calls are allowed that change the host or the kernel',
  explanation:
    'Modules, clocks, mounts, tracing of others, raw I/O and the like do not work in a jail by ' +
    'rights, but each call is code of the kernel that a service could attack.',
  fix: 'Declare the calls by name that the service really makes; strace(1) shows them where it runs without a jail.',
  references: ['systemd.exec(5)', 'syscalls(2)'],
  triggers: { control: 'Jail-Syscalls: @system-service, @debug' },
  clean: { control: 'Jail-Syscalls: @system-service, @timer' },
  check,
};

const dangerous = new Set([
  '@clock',
  '@cpu-emulation',
  '@debug',
  '@known',
  '@module',
  '@mount',
  '@obsolete',
  '@privileged',
  '@raw-io',
  '@reboot',
  '@swap',
  'bpf',
  'init_module',
  'finit_module',
  'delete_module',
  'kexec_load',
  'kexec_file_load',
  'mount',
  'perf_event_open',
  'pivot_root',
  'process_vm_writev',
  'ptrace',
  'reboot',
  'setns',
  'swapon',
  'swapoff',
  'umount2',
  'unshare',
  'userfaultfd',
  'keyctl',
  'add_key',
  'request_key',
  'open_by_handle_at',
  'io_uring_setup',
]);

function* check({ declaration: { syscalls } }: DeclaredSubject): Iterable<Found> {
  for (const name of syscalls) {
    if (!dangerous.has(name)) continue;
    const message = `${name}: more of the kernel than a service needs`;
    yield { message, context: name, field: 'Syscalls', at: name };
  }
}
