import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { didYouMean } from '../../control/suggest.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { type ExportFormat, enforcementTable, exportFormats } from '../../export/enforcement.ts';
import type { ExportedJail } from '../../export/export.ts';
import { tableText } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

interface ExportArguments {
  format: ExportFormat;
  acceptLoss?: string;
  output?: string;
  registry: string;
  json?: true;
}

const examples = `
Examples:
  prodng export web_1.4-1_amd64.deb --format kubernetes --accept-loss Pids
  prodng export web_1.4-1_amd64.deb api_2.0-1_amd64.deb --format compose --accept-loss Root-Mapping
  prodng export web_1.4-1_amd64.deb --format quadlet --output ./web

For each declaration the command prints whether the engine enforces it. A lost one fails the export unless
--accept-loss names it; docs/fleet.md has the whole table. kubernetes, compose and quadlet name an image that oci or
docker-archive writes.

Exit status: 0 exported, 1 a declaration would be lost, 2 not possible.`;

/** `prodng export` */
export function register(program: Command): void {
  program
    .command('export')
    .description('export jails for another engine')
    .argument('<file...>', 'the .debs')
    .addOption(
      new Option('--format <format>', 'what to write').choices([...exportFormats]).makeOptionMandatory(),
    )
    .option('--accept-loss <names>', 'declarations that may be lost, by name, with commas between')
    .option('-o, --output <folder>', 'the new folder to write (default: ./NAME_VERSION_ARCH.FORMAT)')
    .option('--registry <name>', "what the image's name begins with", 'localhost')
    .option('--json', 'report as JSON')
    .addHelpText('after', examples)
    .action(exportCommand);
}

async function exportCommand(debs: string[], options: ExportArguments): Promise<void> {
  const { exportJails } = await import('../../export/export.ts');
  const { format, registry } = options;
  if (!/^[a-z0-9]+(?:[._:-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/.test(registry))
    throw new ProdngError('USAGE', `--registry ${registry}: not a name such as registry.example.org/team`);
  const output = options.output ?? `${basename(debs[0] ?? 'jail').replace(/\.deb$/, '')}.${format}`;
  const exported = await exportJails({
    debs,
    format,
    output,
    registry,
    acceptLoss: parseNames(options.acceptLoss),
  });
  if (options.json) print(`${JSON.stringify({ format, folder: output, jails: exported }, undefined, 2)}\n`);
  else for (const jail of exported) print(jailText(jail, output));
}

function parseNames(text: string | undefined): string[] {
  const known = enforcementTable.map(({ name }) => name);
  const names = (text ?? '').split(',').map((name) => name.trim());
  return names.filter(Boolean).map((name) => {
    const found = known.find((each) => each.toLowerCase() === name.toLowerCase());
    if (found !== undefined) return found;
    throw new ProdngError('USAGE', `--accept-loss: no declaration "${name}"${didYouMean(name, known)}`, {
      hint: `allowed: ${known.join(', ')}`,
    });
  });
}

function jailText(
  { name, version, exportedName, digest, declarations }: ExportedJail,
  output: string,
): string {
  const renamed = exportedName === name ? '' : `, named ${exportedName} there`;
  const table = tableText(declarations, [
    { title: 'DECLARATION', text: (row) => row.name },
    { title: 'THERE', text: (row) => row.status },
    { title: 'HOW', text: (row) => row.note },
  ]);
  return `${name} ${version}: exported to ${output}${renamed}\n${digest === undefined ? '' : `${digest}\n`}${table}`;
}
