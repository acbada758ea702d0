import { type Command, Option } from 'commander';
import type { FailOn } from '../../lint/outcome.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { passphraseOption } from '../terminal/passphrase.ts';
import { print } from '../terminal/print.ts';
import { type PublisherArguments, parseSpan, publisher } from '../terminal/publisher-options.ts';
import { collectValues } from '../terminal/signing.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';
import { registerUpkeep } from './publish-upkeep.ts';

interface PublishArguments extends PublisherArguments {
  suite: string;
  create?: true;
  origin?: string;
  validFor: string;
  plain?: true;
  signaturePolicy?: string;
  lintPolicy?: string;
  lintFailOn?: FailOn;
}

const examples = `
Examples:
  prodng publish /srv/archive web_1.4-1_amd64.deb --suite staging
  prodng publish /srv/archive *.deb --signature-policy signers.json --lint-policy lint.json
  prodng publish promote /srv/archive web=1.4-1 staging production --create
  prodng publish refresh /srv/archive
  prodng publish snapshot /srv/archive production
  prodng publish prune /srv/archive --keep 3

The archive is a folder that any static web server serves; its key is archive-keyring.asc in it. SBOM, provenance,
attestation and .buildinfo that lie beside a .deb are published beside it, and its stanza in Packages names them. A
suite changes in one step: whenever prodng is killed, clients have the old suite or the new one.

Exit status: 0 published, 1 a signature is not as the policy asks, 2 refused or not possible.`;

/** `prodng publish` */
export function register(program: Command): void {
  const command = program
    .command('publish')
    .description('publish .debs in a signed APT archive')
    .argument('<archive>', "the archive's folder; it is made when it is not there")
    .argument('<file...>', 'the .debs')
    .option('--suite <name>', 'the suite', 'stable')
    .option('--create', 'make the suite when the archive does not have it')
    .option('--origin <name>', 'Origin and Label of a new archive (default: ProdNG)')
    .option(
      '--valid-for <time>',
      'of a new suite: when its signature expires, such as 12h, 14d; or never',
      '14d',
    )
    .option('--plain', 'take ordinary .debs too, which are no jails')
    .option('--signature-policy <file>', 'who must have signed each .deb: docs/fleet.md')
    .option('--lint-policy <file>', 'refuse what lint finds, with these rules: docs/lint-policy.md')
    .addOption(
      new Option('--lint-fail-on <severity>', 'refuse what lint finds of this severity on').choices([
        'error',
        'warning',
        'info',
        'pedantic',
        'never',
      ]),
    );
  addPublisherOptions(command)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(publish);
  registerUpkeep(command, addPublisherOptions);
}

/** What every command that signs an archive takes. */
function addPublisherOptions(command: Command): Command {
  return command
    .option('--key <id>', 'sign with this key of prodng key list')
    .option('--gpg <id>', 'sign with this key of gpg, on a token for instance')
    .option('--keyring <file>', 'keys that signed the archive before; may be given again', collectValues)
    .option('--wait <time>', 'how long to wait for another publisher', '1min')
    .option(...passphraseOption);
}

async function publish(archive: string, debs: string[], options: PublishArguments): Promise<void> {
  const { publish: publishDebs } = await import('../../publish/publish.ts');
  const { parseSuiteName } = await import('../../publish/suite-name.ts');
  const { suite, create = false, origin, plain = false } = options;
  const validFor = parseSpan('--valid-for', options.validFor);
  const result = await interruptible(async (signal) =>
    publishDebs({
      ...(await publisher(archive, options, signal)),
      ...(await admission(options)),
      debs,
      suite: parseSuiteName(suite),
      create,
      plain,
      progress: terminalProgress(),
      ...(origin === undefined ? {} : { origin }),
      ...(validFor === undefined ? {} : { validFor }),
    }),
  );
  if (options.format === 'json') return print(`${JSON.stringify(result, undefined, 2)}\n`);
  for (const key of result.added) print(`${key}: published in ${suite}\n`);
  for (const key of result.unchanged) print(`${key}: ${suite} has it already\n`);
}

async function admission({ signaturePolicy, lintPolicy, lintFailOn }: PublishArguments) {
  const { readSignaturePolicy } = await import('../../sign/signature-policy.ts');
  const { readPolicy } = await import('../../lint/policy-file.ts');
  const policy = lintPolicy === undefined ? {} : { policy: await readPolicy(lintPolicy) };
  return {
    ...(signaturePolicy === undefined ? {} : { signatures: await readSignaturePolicy(signaturePolicy) }),
    ...(lintPolicy === undefined && lintFailOn === undefined
      ? {}
      : { lint: { ...policy, failOn: lintFailOn ?? 'error' } }),
  };
}
