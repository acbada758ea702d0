import { compareVersions } from '../control/version.ts';
import { type Lock, packagesFor } from '../lock/lock.ts';

/** A locked package that the archives have a newer version of. */
export interface NewerPackage {
  name: string;
  locked: string;
  newest: string;
  /** The archive that has it. */
  archive: string;
  /** Whether that archive is for security updates. */
  security: boolean;
}

/** A version of a package that an archive has. */
export interface OfferedPackage {
  name: string;
  architecture: string;
  version: string;
  archive: string;
  security: boolean;
}

/** The packages of a locked rootfs that are older than what is offered, with the newest offer of each. */
export function newerThanLocked(lock: Lock, offers: Iterable<OfferedPackage>): NewerPackage[] {
  const byPackage = new Map<string, OfferedPackage[]>();
  for (const offer of offers) {
    const key = `${offer.name}:${offer.architecture}`;
    byPackage.set(key, [...(byPackage.get(key) ?? []), offer]);
  }
  return packagesFor(lock, 'rootfs').flatMap(({ name, architecture, version }) => {
    const newer = (byPackage.get(`${name}:${architecture}`) ?? [])
      .filter((offer) => compareVersions(offer.version, version) > 0)
      .sort((a, b) => compareVersions(b.version, a.version));
    // a point release takes over what the security archive had: both count
    const best = newer.find(({ security }) => security) ?? newer[0];
    if (best === undefined) return [];
    return [{ name, locked: version, newest: best.version, archive: best.archive, security: best.security }];
  });
}
