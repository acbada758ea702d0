import { type Command, InvalidArgumentError } from 'commander';
import { durationSyntax, parseDuration } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { type CheckId, checkIds } from '../../verify/checks/check.ts';
import type { Trust } from '../../verify/checks/check-signature.ts';
import { parseVariations, type VariationName, variationNames } from '../../verify/rebuild/variation-names.ts';
import type { Verification, VerifyOptions } from '../../verify/verify.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { isTerminal, print } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface VerifyArguments {
  policy?: string;
  keyring?: string[];
  require?: CheckId[];
  sources?: string;
  offline?: true;
  rebuild?: true;
  source?: string;
  vary?: VariationName[];
  diffoscope?: true;
  timeout?: string;
  format: TextOrJson;
}

const examples = `
Examples:
  prodng verify hello_1.0_amd64.deb
  prodng verify hello_1.0_amd64.deb --policy signers.json
  prodng verify hello_1.0_amd64.deb --keyring release.asc --require signature,provenance
  prodng verify hello_1.0_amd64.deb --rebuild --source ./hello
  prodng verify hello_1.0_amd64.deb --rebuild --source ./hello --vary all,-clock

The clock is varied with libfaketime (package faketime), directory order with disorderfs (needs FUSE). Variations that
this host does not support are listed as not possible.

A check that is not possible on this host does not count as passed; with --require it counts as failed.

Exit status: 0 no check failed, 1 a check failed or none passed, 2 verification could not run.`;

export function register(program: Command): void {
  program
    .command('verify')
    .description('verify a .deb: structure, contents, lock, signatures, SBOM and provenance')
    .argument('<file>', 'the .deb')
    .option('--policy <file>', 'signature policy (JSON): whose signatures are required')
    .option('--keyring <file>', 'trusted keys, any of which must have signed; repeatable', collectFiles)
    .option('--require <checks>', 'comma-separated checks that must pass', parseChecks)
    .option('--sources <file>', 'package archives, in the DEB822 format of sources.list(5)')
    .option(
      '--rebuild',
      'rebuild from --source and the embedded lock under variations, and compare the bytes',
    )
    .option('--source <path>', 'the source: a folder, or the .dsc of an ordinary package')
    .option(
      '--vary <names>',
      `variations: all, or names prefixed with + or -, e.g. all,-clock; ${variationNames.join(', ')}`,
      parseVary,
    )
    .option('--diffoscope', 'also show differences with diffoscope')
    .option('--timeout <time>', 'abort each build after TIME, e.g. 30min')
    .option('--offline', 'do not fetch; packages missing from the store cannot be compared')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(verify);
}

function collectFiles(file: string, before: string[] = []): string[] {
  return [...before, file];
}

const known: readonly string[] = checkIds;

function parseChecks(text: string): CheckId[] {
  const names = text.split(',').map((name) => name.trim());
  const checks = names.filter((name): name is CheckId => known.includes(name));
  if (checks.length === names.length) return checks;
  throw new InvalidArgumentError(`allowed: ${known.join(', ')}`);
}

function parseVary(text: string): VariationName[] {
  const names = parseVariations(text);
  if (!('fault' in names)) return names;
  throw new InvalidArgumentError(`"${names.fault}"; allowed: all, ${variationNames.join(', ')}`);
}

async function verify(file: string, options: VerifyArguments): Promise<void> {
  const { verificationStatus, verifyDeb } = await import('../../verify/verify.ts');
  const { prodngPaths } = await import('../../system/paths.ts');
  const verification = await interruptible(async (signal) => {
    const trust = await readTrust(options);
    return await verifyDeb(file, {
      paths: prodngPaths(),
      archives: await readArchives(options),
      progress: terminalProgress(),
      signal,
      ...(trust === undefined ? {} : { trust }),
      ...rebuildOptions(options),
    });
  });
  const status = verificationStatus(verification.checks, options.require);
  if (options.format === 'json')
    print(`${JSON.stringify({ passed: status === 0, ...verification }, undefined, 2)}\n`);
  else await printTable(verification, status, options.require ?? []);
  process.exitCode = status;
}

async function readTrust({ policy: file, keyring = [] }: VerifyArguments): Promise<Trust | undefined> {
  if (file === undefined && keyring.length === 0) return undefined;
  const { readKeyring } = await import('../../sign/keyring.ts');
  const keys = (await Promise.all(keyring.map((each) => readKeyring(each)))).flat();
  if (file === undefined) return { keyring: keys };
  const { readSignaturePolicy } = await import('../../sign/signature-policy.ts');
  const policy = await readSignaturePolicy(file);
  return { keyring: [...policy.keyring, ...keys], policy };
}

async function readArchives({ offline, sources }: VerifyArguments) {
  if (offline) return [];
  const { loadArchives } = await import('../../store/archive-config.ts');
  const { hostArchitecture } = await import('../../system/architecture.ts');
  return await loadArchives({
    architecture: hostArchitecture(),
    env: process.env,
    ...(sources === undefined ? {} : { sourcesFile: sources }),
  });
}

async function printTable(
  { checks, rebuild }: Verification,
  status: number,
  required: readonly CheckId[],
): Promise<void> {
  const { verificationText } = await import('../../verify/checks/verification-text.ts');
  const isColored = isTerminal() && process.env.NO_COLOR === undefined;
  print(verificationText(checks, status === 0, required, isColored));
  if (rebuild === undefined) return;
  const { rebuildText } = await import('../../verify/rebuild/rebuild-text.ts');
  print(rebuildText(rebuild, isColored));
}

function rebuildOptions({
  rebuild,
  source,
  vary,
  diffoscope,
  timeout,
}: VerifyArguments): Pick<VerifyOptions, 'rebuild'> {
  if (rebuild === undefined) return {};
  if (source === undefined)
    throw new ProdngError('USAGE', '--rebuild: --source is missing', {
      hint: 'name the folder of the source',
    });
  const time = timeout === undefined ? undefined : parseDuration(timeout);
  if (timeout !== undefined && time === undefined)
    throw new ProdngError('USAGE', `--timeout: "${timeout}" is not a time; allowed: ${durationSyntax}`);
  return {
    rebuild: {
      source,
      diffoscope: diffoscope ?? false,
      ...(vary === undefined ? {} : { variations: vary }),
      ...(time === undefined ? {} : { timeout: time }),
    },
  };
}
