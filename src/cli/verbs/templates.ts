import type { Command } from 'commander';
import { listTemplates } from '../../template/template.ts';
import { describeVariables } from '../../template/variables.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';

interface TemplatesOptions {
  templateDir?: string;
  format: TextOrJson;
}

const examples = `
Examples:
  prodng templates
  prodng templates --template-dir ./our-templates --json`;

export function register(program: Command): void {
  program
    .command('templates')
    .description('list the templates of prodng new and their variables')
    .option('--template-dir <dir>', 'list the templates in this folder instead')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(printTemplates);
}

async function printTemplates({ templateDir, format }: TemplatesOptions): Promise<void> {
  const templates = await listTemplates(templateDir);
  const text =
    format === 'json'
      ? `${JSON.stringify(templates, undefined, 2)}\n`
      : templates
          .map(({ name, description, variables }) => {
            const list = variables.length === 0 ? '' : `  ${describeVariables(variables)}\n`;
            return `${name}: ${description}\n${list}`;
          })
          .join('\n');
  print(text);
}
