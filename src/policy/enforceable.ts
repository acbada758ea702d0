import { ProdngError } from '../error/prodng-error.ts';
import { type HostPolicy, type RuleAction, ruleText } from './policy.ts';

/** What is there to put a policy in force with. */
export interface Means {
  /** Counters are loaded: rules act in the kernel. */
  bpf: boolean;
}

/** What each action takes, and whether it is there. */
const needs: Readonly<Record<RuleAction, (means: Means) => string | undefined>> = {
  log: ({ bpf }) => (bpf ? undefined : 'BPF'),
  freeze: () => 'an agent that freezes all of the jail, which this version does not have',
  kill: ({ bpf }) => (bpf ? undefined : 'BPF'),
  alert: () => 'an agent that sends alerts, which this version does not have',
  evidence: () => 'an agent that collects evidence on a violation, which this version does not have',
  deny: () => 'BPF LSM, which this version does not use',
};

/**
 * Refuses a policy of which any rule cannot be put in force here: it is never weakened.
 *
 * @throws ProdngError POLICY naming each such rule and what it lacks
 */
export function assertEnforceable(policy: HostPolicy, means: Means): void {
  const lacking = policy.rules.flatMap((rule) => {
    const lack = needs[rule.action](means);
    return lack === undefined
      ? []
      : [{ file: rule.file, line: rule.line, field: 'Action', message: `"${ruleText(rule)}" takes ${lack}` }];
  });
  if (lacking.length === 0) return;
  throw new ProdngError('POLICY', `the policy ${policy.name} cannot be put in force here`, {
    diagnostics: lacking,
    hint: 'change or remove these rules: a policy is put in force as a whole or not at all',
  });
}
