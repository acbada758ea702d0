import { parseDeb822 } from '../control/deb822.ts';
import type { Paragraph } from '../control/deb822-types.ts';
import type { JailDeclaration } from '../control/jail-declaration.ts';
import { formatJailFields } from '../control/jail-schema.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { type Account, findAccount } from '../jail/storage/account.ts';
import { openSignedBytes } from '../sign/signed-bytes.ts';
import { checkControl } from '../verify/checks/check-control.ts';
import { checkLock } from '../verify/checks/check-lock.ts';
import { checkMd5sums } from '../verify/checks/check-md5sums.ts';
import { readContents } from '../verify/checks/package-contents.ts';
import { type Layer, type LayerWriter, RootfsSink, treeDigest } from './layer.ts';
import { imageName, imageTag } from './names.ts';
import { readRootfsFiles } from './read-files.ts';

/** A jail as other engines are told of it. */
export interface JailImage {
  /** The .deb. */
  path: string;
  name: string;
  version: string;
  architecture: string;
  declaration: JailDeclaration;
  account: Account;
  control: Paragraph;
  /** Seconds since 1970: of the .deb's members. */
  created: number;
  /** SHA-256 of the .deb without its signatures. */
  debSha256: string;
  treeSha256: string;
  /** The contents of the files of Jail-Configuration, by their path in the jail. */
  configuration: ReadonlyMap<string, Buffer>;
  layer?: Layer;
}

/**
 * Reads a jail's .deb in one pass, checks it as prodng verify does, and writes its layer on the way.
 *
 * @throws ProdngError DEB_FORMAT when it is no jail, POLICY when it does not verify; what openDeb throws
 */
export async function readJailImage(path: string, layer?: LayerWriter): Promise<JailImage> {
  const bytes = await openSignedBytes(path);
  try {
    const sink = new RootfsSink(layer);
    const contents = await readContents(bytes, sink);
    const facts = checkControl(contents);
    if (!facts.isJail)
      throw new ProdngError('DEB_FORMAT', `${path}: not a jail: its control has no Jail-* fields`, {
        hint: 'jails are made by: prodng build',
      });
    const checks = [facts.check, checkMd5sums(contents), checkLock(contents, facts).check];
    const findings = [
      ...contents.faults,
      ...checks.flatMap(({ status, message, findings: all = [message] }) => (status === 'failed' ? all : [])),
    ];
    const { declaration, name, version, architecture } = facts;
    const [control] = parseDeb822(contents.controlFiles.get('control') ?? '', `${path}: control`);
    if (findings.length > 0 || declaration === undefined || control === undefined)
      throw new ProdngError(
        'POLICY',
        `${path}: does not verify\n${findings.map((each) => `  ${each}`).join('\n')}`,
        {
          hint: `see it in full: prodng verify ${path}`,
        },
      );
    const { passwd, group } = sink.accounts;
    const written = await layer?.end();
    return {
      path,
      name,
      version,
      architecture,
      declaration,
      control,
      account: findAccount(declaration.user, passwd, group),
      created: bytes.deb.members[0]?.mtime ?? 0,
      debSha256: contents.unsignedSha256,
      treeSha256: treeDigest(contents.files),
      configuration: await readRootfsFiles(bytes.deb, declaration.configuration),
      ...(written === undefined ? {} : { layer: written }),
    };
  } finally {
    await bytes.close();
  }
}

/** The annotations of the OCI image specification, and every declaration of the .deb. */
export function annotationsOf(image: JailImage): Record<string, string> {
  const field = (name: string): string => image.control.get(name)?.trim() ?? '';
  const known = {
    'org.opencontainers.image.title': image.name,
    'org.opencontainers.image.version': image.version,
    'org.opencontainers.image.description': field('Description').split('\n')[0] ?? '',
    'org.opencontainers.image.authors': field('Maintainer'),
    'org.opencontainers.image.url': field('Homepage'),
    'org.opencontainers.image.created': new Date(image.created * 1000).toISOString(),
    'org.prodng.deb.sha256': image.debSha256,
    'org.prodng.tree.sha256': image.treeSha256,
  };
  const declared = formatJailFields(image.declaration).map(
    ({ name, value }) => [`org.prodng.${name.toLowerCase()}`, value.trim()] as const,
  );
  return Object.fromEntries([...Object.entries(known), ...declared].filter(([, value]) => value !== ''));
}

/** `web:1.4-1`. */
export function imageReference({ name, version }: Pick<JailImage, 'name' | 'version'>): string {
  return `${imageName(name)}:${imageTag(version)}`;
}

/** What a process of the jail finds in its environment, as prodng run gives it. */
export function environmentOf({ account, declaration }: JailImage): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: account.home,
    USER: account.name,
    LANG: 'C.UTF-8',
    ...declaration.environment,
  };
}
