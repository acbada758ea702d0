import type { Command } from 'commander';
import type { PolicyEntry } from '../../agent/observation/policies.ts';
import { agentClient } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm, type TextOrJson } from '../terminal/format.ts';
import { printable } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng policy ls
  prodng policy check strict.policy
  prodng policy diff old.policy strict.policy
  prodng policy test strict.policy hello.profile
  prodng run hello.deb --policy strict.policy

Exit status: 0 fine; 1 for test, if a rule would have acted, for diff, if the second policy does less, and for ls, if a
policy is refused; 2 if a policy cannot be read or put in force here.`;

/** `prodng policy`: what is done when jails do what they should not. */
export function register(program: Command): void {
  const policy = program
    .command('policy')
    .description('check policies, and try them on recorded runs')
    .addHelpText('after', examples);
  policy
    .command('ls')
    .description('list the policies that the agent applies, and those that it refuses')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng policy ls')
    .action(list);
  policy
    .command('check')
    .description('check that policies can be read and put in force on this host')
    .argument('<file...>', 'policies')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng policy check strict.policy')
    .action(check);
  policy
    .command('diff')
    .description('show what a policy does otherwise than another version of it')
    .argument('<before>', 'a policy')
    .argument('<after>', 'its other version')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  prodng policy diff /etc/prodng/policies.d/strict.policy strict.policy',
    )
    .action(diff);
  policy
    .command('test')
    .description('say what a policy would have done in recorded runs')
    .argument('<file>', 'a policy')
    .argument('<profile...>', 'profiles: see prodng run --record')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng policy test strict.policy hello.profile')
    .action(test);
}

async function list({ format }: { format: OutputForm }): Promise<void> {
  const client = await agentClient();
  const entries = (await client.call('GET', '/v1/policies')) as PolicyEntry[];
  if (entries.some(({ fault }) => fault !== undefined)) process.exitCode = 1;
  if (format === 'json') print(`${JSON.stringify(entries, undefined, 2)}\n`);
  else if (format === 'name') print(entries.map(({ name, file }) => `${name ?? file}\n`).join(''));
  else print(entries.map(entryText).join(''));
}

function entryText({ file, name, jails = [], mode, rules = [], fault }: PolicyEntry): string {
  const head = name === undefined ? file : `${name}: ${mode} for ${jails.join(' ')} (${file})`;
  const lines = [head, ...rules, ...(fault === undefined ? [] : [`REFUSED: ${fault}`])];
  return lines.map((line, index) => `${index === 0 ? '' : '  '}${printable(line)}\n`).join('');
}

interface PolicyFlags {
  format: TextOrJson;
}

async function check(files: string[], { format }: PolicyFlags): Promise<void> {
  const { readPolicyFile } = await import('../../policy/parse-policy.ts');
  const { assertEnforceable } = await import('../../policy/enforceable.ts');
  const { Counters } = await import('../../observe/counters.ts');
  const checked = files.map((file) => {
    const policy = readPolicyFile(file);
    // without BPF this throws, and says why
    new Counters().close();
    assertEnforceable(policy, { bpf: true, agent: true });
    const { name, jails, mode, rules } = policy;
    return { file, name, rules: rules.length, jails, mode };
  });
  if (format === 'json') return print(`${JSON.stringify(checked, undefined, 2)}\n`);
  for (const { file, name, rules, jails, mode } of checked)
    print(
      `${file}: ${name}: ${rules === 1 ? '1 rule' : `${rules} rules`} for ${jails.join(' ')}, mode ${mode}\n`,
    );
}

/** Exits with 1 if the second does less than the first. */
async function diff(before: string, after: string, { format }: PolicyFlags): Promise<void> {
  const { readPolicyFile } = await import('../../policy/parse-policy.ts');
  const { policyChanges } = await import('../../policy/policy-changes.ts');
  const changes = policyChanges(readPolicyFile(before), readPolicyFile(after));
  if (changes.some(({ weaker }) => weaker)) process.exitCode = 1;
  if (format === 'json') return print(`${JSON.stringify(changes, undefined, 2)}\n`);
  print(changes.map(({ text, weaker }) => `${weaker ? 'weaker  ' : '        '}${text}\n`).join(''));
}

async function test(file: string, profiles: string[], { format }: PolicyFlags): Promise<void> {
  const { readPolicyFile } = await import('../../policy/parse-policy.ts');
  const { appliesTo, ruleText } = await import('../../policy/policy.ts');
  const { rehearse } = await import('../../policy/rehearse.ts');
  const { readProfileFile } = await import('../../observe/profile-file.ts');
  const policy = readPolicyFile(file);
  const tried = profiles.map((path) => {
    const profile = readProfileFile(path);
    const applies = appliesTo(policy, profile.package);
    const met = applies ? rehearse(policy, profile) : [];
    const violations = met.map(({ rule, what, count }) => ({
      what,
      count,
      rule: ruleText(rule),
      file: rule.file,
      line: rule.line,
    }));
    return { profile: path, package: profile.package, applies, violations };
  });
  if (tried.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
  if (format === 'json') return print(`${JSON.stringify(tried, undefined, 2)}\n`);
  for (const each of tried) for (const line of triedText(each)) print(`${printable(line)}\n`);
}

interface Tried {
  profile: string;
  package: string;
  applies: boolean;
  violations: { what: string; count: number; rule: string; file: string; line: number }[];
}

function triedText({ profile, package: name, applies, violations }: Tried): string[] {
  if (!applies) return [`${profile}: ${name}: the policy is not for it`];
  if (violations.length === 0) return [`${profile}: ${name}: no rule would have acted`];
  return violations.map(
    ({ what, count, rule, file, line }) => `${profile}: ${what}, ${count} times: ${rule} (${file}:${line})`,
  );
}
