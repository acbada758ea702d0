import type { Command } from 'commander';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng strip-signature hello_1.0_amd64.deb
  prodng strip-signature hello_1.0_amd64.deb --output unsigned/hello_1.0_amd64.deb

The result is identical to an unsigned rebuild, bit for bit.`;

export function register(program: Command): void {
  program
    .command('strip-signature')
    .description('remove the signatures from a .deb')
    .argument('<file>', 'the .deb')
    .option('-o, --output <file>', 'write the unsigned .deb to FILE and keep the signed one')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(strip);
}

async function strip(
  file: string,
  { output, format }: { output?: string; format: TextOrJson },
): Promise<void> {
  const { stripSignature } = await import('../../sign/strip-signature.ts');
  const { removed, sha256 } = await stripSignature(file, output);
  const path = output ?? file;
  if (format === 'json') print(`${JSON.stringify({ path, removed, sha256 }, undefined, 2)}\n`);
  else {
    const what = removed.length === 0 ? 'there was no signature' : `${removed.join(', ')} removed`;
    print(`${path}: ${what}; SHA-256 ${sha256}\n`);
  }
}
