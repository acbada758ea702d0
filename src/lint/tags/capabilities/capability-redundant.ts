import { shortName } from '../../capability-text.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-redundant',
  family: 'capabilities',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'a declared capability gives nothing that the jail does not have already',
  explanation:
    'Ports below 1024 are open to every jail (net.ipv4.ip_unprivileged_port_start is 0 in its ' +
    'network namespace), and CAP_DAC_OVERRIDE includes what CAP_DAC_READ_SEARCH allows. What is ' +
    'declared but not needed is available to an attacker who takes over the service.',
  fix: 'Leave it out.',
  references: ['capabilities(7)', 'ip(7)'],
  triggers: { control: 'Jail-Capabilities: NET_BIND_SERVICE' },
  clean: { control: 'Jail-Capabilities: CHOWN, DAC_READ_SEARCH' },
  check,
};

function* check({ declaration: { capabilities } }: DeclaredSubject): Iterable<Found> {
  for (const capability of capabilities) {
    const why = whyRedundant(capability, capabilities);
    if (why === undefined) continue;
    yield {
      message: `${capability}: ${why}`,
      context: capability,
      field: 'Capabilities',
      at: shortName(capability),
    };
  }
}

function whyRedundant(capability: string, all: readonly string[]): string | undefined {
  if (capability === 'CAP_NET_BIND_SERVICE') return 'every port may be listened on in a jail without it';
  if (capability === 'CAP_DAC_READ_SEARCH' && all.includes('CAP_DAC_OVERRIDE'))
    return 'CAP_DAC_OVERRIDE is declared, which allows the same and more';
  return undefined;
}
