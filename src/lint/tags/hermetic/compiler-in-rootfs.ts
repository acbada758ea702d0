import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';
import { toolsInRootfs } from '../../tools.ts';

export const tag: Tag = {
  id: 'compiler-in-rootfs',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a compiler is in the rootfs',
  explanation: 'An attacker in the jail can build tools for an escape there.',
  fix: 'Leave it out of Depends: what must be compiled is compiled in the build jail.',
  references: ['docs/architecture.md'],
  triggers: { rootfs: { 'usr/bin/x86_64-linux-gnu-gcc-12': { elf: {}, mode: 0o755 } } },
  clean: { rootfs: { 'usr/bin/gccheck': { elf: {}, mode: 0o755 } } },
  check,
};

const programs =
  /^(?:(?:[\w]+-linux-gnu\w*-)?(?:gcc|g\+\+|cpp|as|ld|ld\.gold|ld\.bfd|gfortran|gccgo|gdc|gnat)(?:-[\d.]+)?|cc|c\+\+|clang(?:\+\+)?(?:-\d+)?|tcc|rustc|go|gofmt|ghc|javac|nasm|yasm|make)$/;

function* check(subject: DebSubject): Iterable<Found> {
  for (const path of toolsInRootfs(subject, programs))
    yield { message: `${path} is a compiler, or a part of one`, context: path, file: path };
}
