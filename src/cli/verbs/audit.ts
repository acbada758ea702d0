import { type Command, Option } from 'commander';
import type { Audit } from '../../audit/audit.ts';
import { isTerminal } from '../../kernel/terminal.ts';
import type { Profile } from '../../observe/profile.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';
import { printable } from '../terminal/output.ts';
import { print, standardError } from '../terminal/print.ts';

interface AuditFlags {
  format: 'text' | 'json' | 'sarif' | 'html';
  failOn: 'error' | 'warning' | 'info' | 'pedantic' | 'never';
}

const examples = `
Examples:
  prodng run hello.deb --record hello.profile
  prodng audit hello.profile
  prodng audit hello.profile --format html > audit.html
  prodng audit propose hello.profile --source ./hello

Exit status: 0 nothing found, 1 findings (see --fail-on), 2 a profile cannot be read.`;

/** `prodng audit`: what jails declare against what they did. */
export function register(program: Command): void {
  const audit = program
    .command('audit')
    .description('compare what jails declare with what they did')
    .argument('<profile...>', 'profiles; those of one package are merged')
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
    .argument('<profile...>', 'profiles of one package')
    .option('--source <folder>', 'the jail source', '.')
    .option('--write', 'also change debian/control')
    .addHelpText('after', '\nExample:\n  prodng audit propose --source ./hello hello.profile')
    .action(proposal);
}

async function report(files: string[], { format, failOn }: AuditFlags): Promise<void> {
  const { auditOf } = await import('../../audit/audit.ts');
  const audits = (await mergedByPackage(files)).map((profile) =>
    auditOf(profile.package, profile.declared, profile.version, profile),
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

async function proposal(files: string[], { source, write }: { source: string; write?: true }): Promise<void> {
  const { proposeForSource } = await import('../../audit/propose-source.ts');
  const { durationText } = await import('../../audit/duration-text.ts');
  const profiles = await mergedByPackage(files);
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
