import { formatDiagnostic, ProdngError } from '../../error/prodng-error.ts';
import { type Lock, packagesFor } from '../../lock/lock.ts';
import { parseLock } from '../../lock/lock-parser.ts';
import { formatLock } from '../../lock/lock-text.ts';
import { formatInputs, inputsFile, type LockedInput, parseInputs } from '../../lock/locked-input.ts';
import { type Check, checked, notPossible } from './check.ts';
import type { ControlFacts } from './check-control.ts';
import type { PackageContents } from './package-contents.ts';

/** Checks the lock inside a jail, and the other inputs beside it, by itself and against the control file. */
export function checkLock(
  { lockText, inputsText }: PackageContents,
  control: ControlFacts,
): { check: Check; lock?: Lock; inputs?: LockedInput[] } {
  if (!control.isJail) return { check: notPossible('lock', 'it is no jail: there is no lock in it') };
  if (lockText === undefined) return { check: checked('lock', ['no jail.lock next to the rootfs'], '') };
  let lock: Lock;
  let inputs: LockedInput[] = [];
  try {
    lock = parseLock(lockText, 'jail.lock');
    if (inputsText !== undefined) inputs = parseInputs(inputsText, inputsFile);
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    return { check: checked('lock', [error.message, ...error.diagnostics.map(formatDiagnostic)], '') };
  }
  const findings: string[] = [];
  if (lock.architecture !== control.architecture)
    findings.push(`jail.lock is for ${lock.architecture}, the package for ${control.architecture}`);
  if (lock.builtDepends === undefined)
    findings.push('jail.lock: Built-Depends: the rootfs was never resolved');
  if (formatLock(lock) !== lockText)
    findings.push('jail.lock is not as prodng writes it: it was edited by hand');
  if (inputsText !== undefined && formatInputs(inputs) !== inputsText)
    findings.push(`${inputsFile} is not as prodng writes it: it was edited by hand`);
  const rootfs = packagesFor(lock, 'rootfs');
  const foreign = rootfs.find(
    ({ architecture }) => architecture !== lock.architecture && architecture !== 'all',
  );
  if (foreign !== undefined)
    findings.push(
      `jail.lock: ${foreign.name} is for ${foreign.architecture}, the jail for ${lock.architecture}`,
    );
  const build = packagesFor(lock, 'build').length;
  return {
    check: checked(
      'lock',
      findings,
      `${rootfs.length} packages in the rootfs, ${build} in the build root${inputs.length === 0 ? '' : `, ${inputs.length} other inputs`}`,
    ),
    lock,
    inputs,
  };
}
