import type { Subject } from './subject.ts';

/** Where the lock of a subject lies: findings about locked packages point there. */
export function lockPlace(subject: Subject): string {
  return subject.kind === 'source' ? 'debian/jail.lock' : `${subject.deb.jailFolder}/jail.lock`;
}
