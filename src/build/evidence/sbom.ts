import type { LockedPackage } from '../../lock/lock.ts';
import type { LockedInput } from '../../lock/locked-input.ts';
import { type Licence, spdxLicence } from './licences.ts';
import { debPurl, filePurl } from './purl.ts';

/** A package of the rootfs. */
export interface SbomPackage extends Pick<LockedPackage, 'name' | 'version' | 'architecture' | 'sha256'> {
  /** As in a Packages index: `name` or `name (version)`; undefined when it is the package's own. */
  source?: string;
  /** The Origin and Codename of the archive that it came from. */
  origin: string;
  codename: string;
  licences: readonly Licence[];
  /** Whether any of its files is in the rootfs: package managers and the like are locked, and left out. */
  embedded: boolean;
}

export interface SbomInput {
  /** The jail's .deb: what the document is about. */
  name: string;
  version: string;
  architecture: string;
  /** Of the unsigned .deb. */
  sha256: string;
  source: string;
  /** Seconds. */
  sourceDateEpoch: number;
  packages: readonly SbomPackage[];
  /** What the build was given beside: packages of npm, other files. */
  inputs?: readonly LockedInput[];
}

/**
 * Writes a CycloneDX 1.6 document that names every package of a jail: package URL, version, source package, licences
 * and the SHA-256 of its .deb. Nothing in it is random and no clock is read: the same input gives the same bytes.
 */
export function formatSbom(input: SbomInput): string {
  const { name, version, architecture, sha256, source, sourceDateEpoch } = input;
  const purl = debPurl('prodng', name, version, { arch: architecture });
  const components = [...input.packages.map(component), ...(input.inputs ?? []).map(otherComponent)].sort(
    (a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1),
  );
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialNumber(sha256),
    version: 1,
    metadata: {
      timestamp: new Date(sourceDateEpoch * 1000).toISOString().replace('.000Z', 'Z'),
      tools: { components: [{ type: 'application', name: 'prodng' }] },
      component: {
        type: 'application',
        'bom-ref': purl,
        name,
        version,
        purl,
        hashes: [{ alg: 'SHA-256', content: sha256 }],
        pedigree: { ancestors: [sourcePackage('prodng', source, version)] },
      },
    },
    components,
    compositions: [{ aggregate: 'complete', assemblies: [purl] }],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function component(item: SbomPackage) {
  const { name, version, architecture, origin, codename, sha256 } = item;
  const purl = debPurl(origin, name, version, { arch: architecture, distro: codename });
  const [, sourceName = name, sourceVersion = version] =
    /^(\S+)(?: \((\S+)\))?$/.exec(item.source ?? name) ?? [];
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    scope: item.embedded ? 'required' : 'excluded',
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    ...(item.licences.length === 0 ? {} : { licenses: item.licences.map((license) => ({ license })) }),
    purl,
    pedigree: { ancestors: [sourcePackage(origin, sourceName, sourceVersion, codename)] },
  };
}

/** It may or may not be in the jail: a build may have used it and left it out. */
function otherComponent({ uri, name, version, licence, sha256, sha512 }: LockedInput) {
  const purl = uri.startsWith('pkg:') ? uri : filePurl(name, uri, sha256);
  return {
    type: version === undefined ? 'file' : 'library',
    'bom-ref': `${purl}#${sha256}`,
    name,
    ...(version === undefined ? {} : { version }),
    hashes: [
      { alg: 'SHA-256', content: sha256 },
      ...(sha512 === undefined ? [] : [{ alg: 'SHA-512', content: sha512 }]),
    ],
    ...(licence === undefined ? {} : { licenses: [{ license: spdxLicence(licence) }] }),
    purl,
  };
}

function sourcePackage(vendor: string, name: string, version: string, distro = '') {
  const purl = debPurl(vendor, name, version, { arch: 'source', distro });
  return { type: 'library', name, version, purl };
}

/** A UUID of version 8 (RFC 9562, 5.8) made of the .deb's digest. */
function serialNumber(sha256: string): string {
  const hex = `${sha256.slice(0, 12)}8${sha256.slice(13, 16)}8${sha256.slice(17, 32)}`;
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}
