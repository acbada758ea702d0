import type { Command } from 'commander';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng strip-signature hello_1.0_amd64.deb
  prodng strip-signature hello_1.0_amd64.deb --output unsigned/hello_1.0_amd64.deb

What is left is bit for bit what a rebuild gives.`;

export function register(program: Command): void {
  program
    .command('strip-signature')
    .description('remove the signatures from a .deb')
    .argument('<file>', 'the .deb')
    .option('-o, --output <file>', 'write the unsigned .deb here and leave the signed one as it is')
    .option('--json', 'report what was removed as JSON')
    .addHelpText('after', examples)
    .action(strip);
}

async function strip(file: string, { output, json }: { output?: string; json?: true }): Promise<void> {
  const { stripSignature } = await import('../../sign/strip-signature.ts');
  const { removed, sha256 } = await stripSignature(file, output);
  const path = output ?? file;
  if (json) print(`${JSON.stringify({ path, removed, sha256 }, undefined, 2)}\n`);
  else {
    const what = removed.length === 0 ? 'there was no signature' : `${removed.join(', ')} removed`;
    print(`${path}: ${what}; SHA-256 ${sha256}\n`);
  }
}
