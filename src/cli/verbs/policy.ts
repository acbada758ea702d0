import type { Command } from 'commander';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng policy check strict.policy
  prodng policy test strict.policy hello.profile
  prodng run hello.deb --policy strict.policy

Exit status: 0 fine; 1 for test, if a rule would have acted; 2 if a policy cannot be read or put in force here.`;

/** `prodng policy`: what is done when jails do what they should not. */
export function register(program: Command): void {
  const policy = program
    .command('policy')
    .description('check policies, and try them on recorded runs')
    .addHelpText('after', examples);
  policy
    .command('check')
    .description('check that policies can be read and put in force on this host')
    .argument('<file...>', 'policies')
    .addHelpText('after', '\nExample:\n  prodng policy check strict.policy')
    .action(check);
  policy
    .command('test')
    .description('say what a policy would have done in recorded runs')
    .argument('<file>', 'a policy')
    .argument('<profile...>', 'profiles: see prodng run --record')
    .addHelpText('after', '\nExample:\n  prodng policy test strict.policy hello.profile')
    .action(test);
}

async function check(files: string[]): Promise<void> {
  const { readPolicyFile } = await import('../../policy/parse-policy.ts');
  const { assertEnforceable } = await import('../../policy/enforceable.ts');
  const { Counters } = await import('../../observe/counters.ts');
  for (const file of files) {
    const policy = readPolicyFile(file);
    // without BPF this throws, and says why
    new Counters().close();
    assertEnforceable(policy, { bpf: true });
    const rules = policy.rules.length === 1 ? '1 rule' : `${policy.rules.length} rules`;
    print(`${file}: ${policy.name}: ${rules} for ${policy.jails.join(' ')}, mode ${policy.mode}\n`);
  }
}

async function test(file: string, profiles: string[]): Promise<void> {
  const { readPolicyFile } = await import('../../policy/parse-policy.ts');
  const { appliesTo, ruleText } = await import('../../policy/policy.ts');
  const { rehearse } = await import('../../policy/rehearse.ts');
  const { readProfileFile } = await import('../../observe/profile-file.ts');
  const { printable } = await import('../terminal/output.ts');
  const policy = readPolicyFile(file);
  for (const path of profiles) {
    const profile = readProfileFile(path);
    if (!appliesTo(policy, profile.package)) {
      print(printable(`${path}: ${profile.package}: the policy is not for it`).concat('\n'));
      continue;
    }
    const met = rehearse(policy, profile);
    if (met.length > 0) process.exitCode = 1;
    for (const { rule, what, count } of met)
      print(
        printable(`${path}: ${what}, ${count} times: ${ruleText(rule)} (${rule.file}:${rule.line})`).concat(
          '\n',
        ),
      );
    if (met.length === 0)
      print(printable(`${path}: ${profile.package}: no rule would have acted`).concat('\n'));
  }
}
