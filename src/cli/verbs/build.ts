import { openSync } from 'node:fs';
import type { Command } from 'commander';
import { durationSyntax, parseDuration, parseSize, sizeSyntax } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { prodngPaths } from '../../system/paths.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { passphraseOption } from '../terminal/passphrase.ts';
import { print } from '../terminal/print.ts';
import { collectValues, type SigningOptions, signersOf } from '../terminal/signing.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface BuildCommandOptions extends SigningOptions {
  sign?: true;
  output?: string;
  locked: boolean;
  plain?: true;
  fromVendor?: string;
  sources?: string;
  shellOnFailure?: true;
  timeout?: string;
  scratch?: string;
  json?: true;
}

const examples = `
Examples:
  prodng build
  prodng build ./hello --output ./results
  prodng build --locked --json
  prodng build --locked --sign --key release@example.org
  prodng build --shell-on-failure
  prodng build --from-vendor ./hello_0.1.0_vendor ./hello
  prodng build --plain ./hello_2.10-3.dsc --output ./results

The .deb, the log of the build, .buildinfo, .changes, the SBOM (.cdx.json) and the provenance (.provenance.json, signed:
.intoto.jsonl) appear in the parent folder of the source. PRODNG_BUILDER_ID names who builds in the provenance, as a URI.
The build sees the packages that
debian/jail.lock names and nothing else: no network, no file of this host. With --plain any Debian source package is
built as it is; the lock of a .dsc lies beside it, as NAME_VERSION.lock.`;

export function register(program: Command): void {
  program
    .command('build')
    .description('build a jail source into its .deb, in a throwaway jail')
    .argument('[dir]', 'the jail source; with --plain any source package, or its .dsc', '.')
    .option('-o, --output <dir>', 'where the results go (default: the parent folder of the source)')
    .option(
      '--locked',
      'never write debian/jail.lock; fail when it does not cover the source',
      defaultLocked(),
    )
    .option('--no-locked', 'write the lock where the source needs it, also where CI is set')
    .option('--plain', 'build an ordinary source package and compose no jail')
    .option('--from-vendor <folder>', 'build from what prodng vendor copied there, and from nothing else')
    .option('--sources <file>', 'the archives to use, as in sources.list(5), DEB822-STYLE FORMAT')
    .option('--shell-on-failure', 'open a shell in the build jail as it stands when the build fails')
    .option('--timeout <time>', 'end the build after that time, such as 30min')
    .option('--scratch <size>', 'how much the build may write, such as 8G (default: half the memory)')
    .option('--sign', 'sign the .deb and what stands beside it')
    .option('--key <id>', 'sign with this key of prodng key list; may be given again', collectValues)
    .option(
      '--gpg <id>',
      'sign with this key of gpg, on a token for instance; may be given again',
      collectValues,
    )
    .option(...passphraseOption)
    .option('--json', 'report what was built as JSON')
    .addHelpText('after', examples)
    .action(build);
}

/** Most CI systems set CI; a build there that changes the lock would build something nobody looked at. */
function defaultLocked(): boolean {
  return !['', '0', 'false'].includes(process.env.CI ?? '');
}

async function build(dir: string, options: BuildCommandOptions): Promise<void> {
  const { loadArchives } = await import('../../store/archive-config.ts');
  const { hostArchitecture } = await import('../../system/architecture.ts');
  const { sources, output, shellOnFailure, timeout, scratch } = options;
  const offline = options.fromVendor !== undefined;
  const configured = async () =>
    await loadArchives({
      architecture: hostArchitecture(),
      env: process.env,
      ...(sources === undefined ? {} : { sourcesFile: sources }),
    });
  const common = {
    dir,
    locked: offline || options.locked,
    archives: offline ? [] : await configured(),
    paths: prodngPaths(),
    progress: terminalProgress(),
    ...(output === undefined ? {} : { output }),
    ...(shellOnFailure === undefined ? {} : { shellOnFailure: terminal() }),
    ...(timeout === undefined ? {} : { timeout: milliseconds(timeout) }),
    ...(scratch === undefined ? {} : { scratch: bytes(scratch) }),
  };
  await vendored(dir, options);
  if (options.plain) {
    if (wantsSignature(options))
      throw new ProdngError('USAGE', '--plain does not sign', { hint: 'use prodng sign on what it built' });
    const { buildPlain } = await import('../../build/build-plain.ts');
    const result = await interruptible((signal) => buildPlain({ ...common, signal }));
    report(options, result, result.files.join('\n'));
    return;
  }
  const { buildSource } = await import('../../build/build-source.ts');
  const result = await interruptible(async (signal) => {
    // passphrases are asked for before a long build, not after it
    const signers = wantsSignature(options) ? await signersOf(options, signal) : [];
    const built = await buildSource({ ...common, ...builderOf(process.env), signal });
    if (signers.length === 0) return built;
    const { signBuild } = await import('../../sign/sign-build.ts');
    return { ...built, signed: await signBuild(built.path, built.evidence, signers) };
  });
  const size = `${(result.size / 1e6).toFixed(1)} MB`;
  const lines = [`${result.path}: ${size}, SHA-256 ${result.sha256}${'signed' in result ? ' unsigned' : ''}`];
  if ('signed' in result)
    for (const { member, userId } of result.signed.signatures) lines.push(`  ${member}: signed by ${userId}`);
  report(options, result, lines.join('\n'));
}

async function vendored(dir: string, { fromVendor, plain }: BuildCommandOptions): Promise<void> {
  if (fromVendor === undefined) return;
  const { useVendorFolder } = await import('../../build/vendor/from-vendor.ts');
  const common = { dir, plain: plain === true, paths: prodngPaths(), progress: terminalProgress() };
  await interruptible((signal) => useVendorFolder({ ...common, folder: fromVendor, signal }));
}

function wantsSignature({ sign, key = [], gpg = [] }: BuildCommandOptions): boolean {
  return sign === true || key.length > 0 || gpg.length > 0;
}

function builderOf({ PRODNG_BUILDER_ID: builder = '' }: NodeJS.ProcessEnv): { builder?: string } {
  if (builder === '') return {};
  if (URL.canParse(builder)) return { builder };
  throw new ProdngError('CONFIG', `PRODNG_BUILDER_ID: not a URI: ${builder}`);
}

function report({ json }: BuildCommandOptions, result: object, text: string): void {
  print(`${json ? JSON.stringify(result, undefined, 2) : text}\n`);
}

function terminal(): number {
  try {
    return openSync('/dev/tty', 'r+');
  } catch (cause) {
    throw new ProdngError('USAGE', '--shell-on-failure needs a terminal', { cause });
  }
}

function milliseconds(text: string): number {
  const value = parseDuration(text);
  if (value !== undefined && value > 0) return value;
  throw new ProdngError('USAGE', `--timeout ${text}: not ${durationSyntax}`);
}

function bytes(text: string): number {
  const value = parseSize(text);
  if (value !== undefined && value > 0) return value;
  throw new ProdngError('USAGE', `--scratch ${text}: not ${sizeSyntax}`);
}
