import { type Command, InvalidArgumentError } from 'commander';
import type { Finding } from '../../lint/finding.ts';
import { quoteForShell } from '../../system/process.ts';
import { renderTemplate } from '../../template/render-template.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface NewOptions {
  set?: Record<string, string>;
  name?: string;
  templateDir?: string;
  sources?: string;
  format: TextOrJson;
}

const examples = `
Examples:
  prodng new python-service hello
  prodng new debian-service cache --set package=redis-server
  prodng new ./our-templates/worker mailer --name acme-mailer

debian-service proposes declarations from the systemd unit of the package; values given with --set take precedence.
List the templates and their variables with: prodng templates`;

export function register(program: Command): void {
  program
    .command('new')
    .description('create a jail source from a template')
    .argument('<template>', 'name of a template, or its folder as a path beginning with /, ./ or ../')
    .argument('<dir>', 'the folder to create; must not exist, or must be empty')
    .option('--set <name=value>', 'set a variable of the template (repeatable)', collectValue)
    .option('--name <name>', 'package name (default: the name of the folder)')
    .option('--template-dir <dir>', 'a folder of templates searched before the built-in ones')
    .option('--sources <file>', 'package archives, in the DEB822 format of sources.list(5)')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(makeSource);
}

function collectValue(assignment: string, values: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('it must be name=value.');
  return Object.fromEntries([...Object.entries(values), [name, value]]);
}

async function makeSource(template: string, target: string, options: NewOptions): Promise<void> {
  const { set, name, templateDir, sources, format } = options;
  const made = await renderTemplate({
    template,
    target,
    ...(set === undefined ? {} : { values: set }),
    ...(name === undefined ? {} : { name }),
    ...(templateDir === undefined ? {} : { templateDir }),
    ...(sources === undefined ? {} : { sources }),
    progress: terminalProgress(),
  });
  const findings = await lintProposal(made.dir);
  if (format === 'json') {
    print(`${JSON.stringify({ ...made, findings }, undefined, 2)}\n`);
    return;
  }
  const lines = [
    `${target}: the source of ${made.name}, from ${made.template}, ${made.files.length} files`,
    ...(made.maintainerUnknown
      ? [
          'No maintainer name is known: set DEBFULLNAME and DEBEMAIL, or edit debian/control and debian/changelog.',
        ]
      : []),
    ...findings.map(({ severity, tag, file, line, message }) => {
      const place = line === undefined ? file : `${file}:${line}`;
      return `${severity}: ${tag}: ${place}: ${message}`;
    }),
    'Next:',
    ...[`cd ${quoteForShell(target)}`, ...made.next].map((line) => `  ${line}`),
  ];
  print(`${lines.join('\n')}\n`);
}

/** What lint says of the new source: a proposal that cannot work is told now, not after a build. The lock comes later. */
async function lintProposal(dir: string): Promise<Finding[]> {
  const { lintPath } = await import('../../lint/lint.ts');
  const results = await lintPath(dir);
  return results
    .flatMap(({ findings }) => findings)
    .filter(({ severity }) => severity === 'error' || severity === 'warning')
    .filter(({ family, overridden }) => family !== 'reproducible' && overridden === undefined);
}
