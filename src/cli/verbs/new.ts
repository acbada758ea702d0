import { type Command, InvalidArgumentError } from 'commander';
import { quoteForShell } from '../../system/process.ts';
import { renderTemplate } from '../../template/render-template.ts';
import { print } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface NewOptions {
  set?: Record<string, string>;
  name?: string;
  templateDir?: string;
  sources?: string;
  json?: true;
}

const examples = `
Examples:
  prodng new python-service hello
  prodng new debian-service cache --set package=redis-server
  prodng new ./our-templates/worker mailer --name acme-mailer

debian-service reads the systemd unit of the package and proposes the declarations from it; --set goes before it.
prodng templates lists the templates and their variables.`;

export function register(program: Command): void {
  program
    .command('new')
    .description('make a jail source from a template')
    .argument('<template>', 'a template by name, or its folder as a path that begins with / or ./ or ../')
    .argument('<dir>', 'the folder to make; it must not exist or be empty')
    .option('--set <name=value>', 'set a variable of the template (repeatable)', collectValue)
    .option('--name <name>', "the package's name (default: the folder's)")
    .option('--template-dir <dir>', 'a folder of templates that go before those of prodng')
    .option(
      '--sources <file>',
      'the archives to read packages from, as in sources.list(5), DEB822-STYLE FORMAT',
    )
    .option('--json', 'report what was made as JSON')
    .addHelpText('after', examples)
    .action(makeSource);
}

function collectValue(assignment: string, values: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('it must be name=value.');
  return Object.fromEntries([...Object.entries(values), [name, value]]);
}

async function makeSource(template: string, target: string, options: NewOptions): Promise<void> {
  const { set, name, templateDir, sources, json } = options;
  const made = await renderTemplate({
    template,
    target,
    ...(set === undefined ? {} : { values: set }),
    ...(name === undefined ? {} : { name }),
    ...(templateDir === undefined ? {} : { templateDir }),
    ...(sources === undefined ? {} : { sources }),
    progress: terminalProgress(),
  });
  if (json) {
    print(`${JSON.stringify(made, undefined, 2)}\n`);
    return;
  }
  const lines = [
    `${target}: the source of ${made.name}, from ${made.template}, ${made.files.length} files`,
    ...(made.maintainerUnknown
      ? ['Nobody is named as maintainer: set DEBFULLNAME and DEBEMAIL, or edit debian/control and changelog.']
      : []),
    'Next:',
    ...[`cd ${quoteForShell(target)}`, ...made.next].map((line) => `  ${line}`),
  ];
  print(`${lines.join('\n')}\n`);
}
