import { ProdngError } from '../error/prodng-error.ts';
import { type HostPolicy, type RuleAction, ruleText } from './policy.ts';

/** What is there to put a policy in force with. */
export interface Means {
  /** Counters are loaded: rules act in the kernel. */
  bpf: boolean;
  /** It is the agent that applies it. */
  agent: boolean;
}

const byKernel = ({ bpf }: Means) => (bpf ? undefined : 'BPF');
const byAgent = ({ bpf, agent }: Means) =>
  agent ? (bpf ? undefined : 'BPF') : 'the agent: prodng run can only log and kill';

/** What each action takes, and whether it is there. */
const needs: Readonly<Record<RuleAction, (means: Means) => string | undefined>> = {
  log: byKernel,
  alert: byAgent,
  evidence: byAgent,
  freeze: byAgent,
  kill: byKernel,
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
