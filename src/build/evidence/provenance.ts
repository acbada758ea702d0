import type { Lock } from '../../lock/lock.ts';
import type { LockedInput } from '../../lock/locked-input.ts';
import { debPurl } from './purl.ts';

export interface ProvenanceInput {
  /** The unsigned .deb. */
  subject: { name: string; sha256: string };
  source: { name: string; version: string; sha256: string };
  lock: Lock;
  /** What the build was given beside the locked packages. */
  inputs?: readonly LockedInput[];
  /** Of the lock's text, as it is embedded. */
  lockSha256: string;
  sourceDateEpoch: number;
  environment: Readonly<Record<string, string>>;
  /** A URI that names who ran the build. */
  builder: string;
}

export const statementType = 'https://in-toto.io/Statement/v1';
export const provenanceType = 'https://slsa.dev/provenance/v1';
/** The kind of build; docs/architecture.md describes its parameters. */
export const buildType = 'urn:prodng:jail-build:v1';
/** The builder if none is named. */
export const localBuilder = 'urn:prodng:local-builder';

/**
 * Writes an in-toto statement (v1) with SLSA provenance (v1): the .deb came from this source, this lock, and these
 * packages and nothing else. No time and no host is in it: the same input gives the same bytes.
 */
export function formatProvenance(input: ProvenanceInput): string {
  const { subject, source, lock, lockSha256, environment, inputs = [] } = input;
  const archives = new Map(lock.archives.map((archive) => [archive.name, archive]));
  const packages = lock.packages.map(({ name, version, architecture, sha256, use, archive, poolPath }) => {
    const { origin = 'debian', codename = '' } = archives.get(archive) ?? {};
    return {
      uri: debPurl(origin, name, version, { arch: architecture, distro: codename }),
      digest: { sha256 },
      annotations: { use: use.join(' '), archive, filename: poolPath },
    };
  });
  const others = inputs.map(({ uri, sha256, sha512 }) => ({
    uri,
    digest: { sha256, ...(sha512 === undefined ? {} : { sha512 }) },
  }));
  const statement = {
    _type: statementType,
    subject: [{ name: subject.name, digest: { sha256: subject.sha256 } }],
    predicateType: provenanceType,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: {
          source: { name: source.name, version: source.version, digest: { sha256: source.sha256 } },
          lock: { digest: { sha256: lockSha256 } },
        },
        internalParameters: {
          architecture: lock.architecture,
          sourceDateEpoch: input.sourceDateEpoch,
          environment,
        },
        resolvedDependencies: [...packages, ...others].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)),
      },
      runDetails: { builder: { id: input.builder } },
    },
  };
  return `${JSON.stringify(statement, undefined, 2)}\n`;
}

function sortKey({ uri, digest }: { uri: string; digest: { sha256: string } }): string {
  return `${uri} ${digest.sha256}`;
}
