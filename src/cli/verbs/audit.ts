import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { JailDetail, JailSummary } from '../../agent/api/jail-view.ts';
import type { AgentClient } from '../../agent/client.ts';
import type { Audit } from '../../audit/audit.ts';
import { isTerminal } from '../../kernel/terminal.ts';
import type { Declared } from '../../observe/declared.ts';
import type { Profile } from '../../observe/profile.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';
import { printable } from '../terminal/output.ts';
import { print, standardError } from '../terminal/print.ts';

interface AuditFlags {
  all?: true;
  format: 'text' | 'json' | 'sarif' | 'html';
  failOn: 'error' | 'warning' | 'info' | 'pedantic' | 'never';
}

const examples = `
Examples:
  prodng audit web
  prodng audit --all --fail-on error
  prodng run hello.deb --record hello.profile
  prodng audit ./hello.profile --format html > audit.html
  prodng audit propose web --source ./web
  prodng audit export web -o web.profile

An argument with a slash, or the name of a file, is a profile; any other is a jail of the agent. Of a jail, the observed
runs of its newest version are merged.

Exit status: 0 nothing found, 1 findings (see --fail-on), 2 a profile cannot be read.`;

/** `prodng audit`: what jails declare against what they did. */
export function register(program: Command): void {
  const audit = program
    .command('audit')
    .description('compare what jails declare with what they did')
    .argument('[jail-or-profile...]', 'jails, or profiles; those of one package are merged')
    .option('-a, --all', 'all jails that were observed')
    .addOption(formatOption(['text', 'json', 'sarif', 'html']))
    .addOption(jsonOption())
    .addOption(
      new Option('--fail-on <severity>', 'the least severity that fails the command')
        .choices(['error', 'warning', 'info', 'pedantic', 'never'])
        .default('warning'),
    )
    .addHelpText('after', examples)
    .action(report);
  audit
    .command('propose')
    .description('print the least declarations that suffice, as a diff of debian/control')
    .argument('<jail-or-profile...>', 'a jail, or profiles of one package')
    .option('--source <folder>', 'the jail source', '.')
    .option('--write', 'also change debian/control')
    .addHelpText('after', '\nExample:\n  prodng audit propose --source ./hello hello.profile')
    .action(proposal);
  audit
    .command('export')
    .description('print the profile of a jail that the agent observes')
    .argument('<jail>', 'name of the jail')
    .option('-o, --output <file>', 'write it to a file')
    .addHelpText('after', '\nExample:\n  prodng audit export web -o web.profile')
    .action(exportProfile);
}

/** What is to be compared. */
interface Subject {
  name: string;
  declared: Declared;
  version: string;
  profile: Profile;
}

async function report(named: string[], { all, format, failOn }: AuditFlags): Promise<void> {
  const { ProdngError } = await import('../../error/prodng-error.ts');
  if ((named.length === 0) !== (all === true))
    throw new ProdngError('USAGE', 'audit takes jails and profiles, or --all', {
      hint: 'prodng audit --help',
    });
  const subjects = all === true ? await allJails() : await subjectsOf(named);
  if (subjects.length === 0)
    throw new ProdngError('PROFILE', 'no jail was observed: there is nothing to audit', {
      hint: 'prodng ls says how jails are observed',
    });
  const { auditOf } = await import('../../audit/audit.ts');
  const audits = subjects.map(({ name, declared, version, profile }) =>
    auditOf(name, declared, version, profile),
  );
  print(await textOf(audits, format));
  const { severities } = await import('../../lint/severity.ts');
  const least = failOn === 'never' ? -1 : severities.indexOf(failOn);
  const failed = audits.some(({ findings }) =>
    findings.some(({ severity }) => severities.indexOf(severity) <= least),
  );
  process.exitCode = failed ? 1 : 0;
}

async function textOf(audits: readonly Audit[], format: AuditFlags['format']): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify(audits, undefined, 2)}\n`;
    case 'sarif':
      return (await import('../../audit/sarif-report.ts')).sarifReport(audits);
    case 'html':
      return (await import('../../audit/html-report.ts')).htmlReport(audits);
    case 'text': {
      const { textReport } = await import('../../audit/text-report.ts');
      const color = isTerminal(1) && (process.env.NO_COLOR ?? '') === '';
      return audits.map((audit) => textReport(audit, { color, printable })).join('\n');
    }
  }
}

/** Whether an argument names a file: otherwise it names a jail of the agent. */
function isProfileFile(argument: string): boolean {
  return argument.includes('/') || argument.endsWith('.profile') || existsSync(argument);
}

async function subjectsOf(named: readonly string[]): Promise<Subject[]> {
  const files = await mergedByPackage(named.filter(isProfileFile));
  const jails: Subject[] = [];
  for (const name of named) if (!isProfileFile(name)) jails.push(await jailSubject(name));
  return [
    ...files.map((profile) => ({
      name: profile.package,
      declared: profile.declared,
      version: profile.version,
      profile,
    })),
    ...jails,
  ];
}

/** The declarations are those of the installed version. */
async function jailSubject(name: string): Promise<Subject> {
  const client = await agentClient();
  const profile = await observedProfile(client, name);
  const { version, declaration } = (await client.call('GET', jailPath(name))) as JailDetail;
  const { declaredOfJson } = await import('../../observe/declared.ts');
  return { name, declared: declaredOfJson(declaration), version, profile };
}

async function observedProfile(client: AgentClient, name: string): Promise<Profile> {
  const { jailProfile } = await import('../../agent/observation/observed-profile.ts');
  return jailProfile(client, name);
}

/** Those that were never observed are named, and left out. */
async function allJails(): Promise<Subject[]> {
  const client = await agentClient();
  const { ProdngError } = await import('../../error/prodng-error.ts');
  const subjects: Subject[] = [];
  for (const { name } of (await client.call('GET', '/v1/jails')) as JailSummary[])
    try {
      subjects.push(await jailSubject(name));
    } catch (error) {
      if (!(error instanceof ProdngError) || error.code !== 'PROFILE') throw error;
      standardError().write(`${error.message}\n`);
    }
  return subjects;
}

async function mergedByPackage(files: readonly string[]): Promise<Profile[]> {
  const { readProfileFile } = await import('../../observe/profile-file.ts');
  const { mergeProfiles } = await import('../../observe/merge.ts');
  const byPackage = new Map<string, Profile[]>();
  for (const file of files) {
    const profile = readProfileFile(file);
    byPackage.set(profile.package, [...(byPackage.get(profile.package) ?? []), profile]);
  }
  return [...byPackage.values()].map(mergeProfiles);
}

async function proposal(named: string[], { source, write }: { source: string; write?: true }): Promise<void> {
  const { proposeForSource } = await import('../../audit/propose-source.ts');
  const { durationText } = await import('../../audit/duration-text.ts');
  const profiles = (await subjectsOf(named)).map(({ profile }) => profile);
  const [profile] = profiles;
  if (profile === undefined || profiles.length > 1) {
    const { ProdngError } = await import('../../error/prodng-error.ts');
    throw new ProdngError('USAGE', 'the profiles are of more than one package');
  }
  const diff = await proposeForSource(source, profile, write === true);
  const often = profile.runs === 1 ? 'once' : `${profile.runs} times`;
  standardError().write(
    `${profile.package} ${profile.version} was recorded ${often}, for ${durationText(profile.duration)} in all\n`,
  );
  print(diff);
}

async function exportProfile(name: string, { output }: { output?: string }): Promise<void> {
  const profile = await observedProfile(await agentClient(), name);
  const text = `${JSON.stringify(profile, undefined, 1)}\n`;
  if (output === undefined) print(text);
  else await (await import('../../output/write-output.ts')).writeOutput(output, text);
}
