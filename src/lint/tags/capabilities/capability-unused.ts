import { ownValue } from '../../../system/own-value.ts';
import { capabilityFunctions } from '../../capability-functions.ts';
import { shortName } from '../../capability-text.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-unused',
  family: 'capabilities',
  severity: 'warning',
  certainty: 'likely',
  reads: 'deb',
  summary: 'no program of the rootfs can make use of a capability',
  explanation:
    'The functions of the C library for which the capability is needed are called by nothing in the ' +
    'rootfs. What is declared but not needed is available to an attacker who takes over the service.',
  fix: 'Leave it out, and see in `prodng run` that the service still does all its work.',
  references: ['capabilities(7)'],
  triggers: { control: 'Jail-Capabilities: SYS_CHROOT' },
  clean: {
    control: 'Jail-Capabilities: SYS_CHROOT',
    rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], imports: ['chroot'] } } },
  },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  const imports = new Set<string>();
  for (const { what } of rootfs.nodes.values()) {
    if (what?.kind !== 'elf') continue;
    // a static program or one that calls the kernel by number may do anything
    if (!what.elf.dynamic || what.elf.incomplete !== undefined) return;
    for (const name of what.elf.imports) imports.add(name);
  }
  if (imports.has('syscall')) return;
  for (const capability of declaration?.capabilities ?? []) {
    const functions = ownValue(capabilityFunctions, capability);
    if (functions === undefined || functions.some((name) => imports.has(name))) continue;
    yield {
      message: `${capability}: nothing in the rootfs calls ${functions.slice(0, 3).join(', ')} or the like`,
      context: capability,
      field: 'Capabilities',
      at: shortName(capability),
    };
  }
}
