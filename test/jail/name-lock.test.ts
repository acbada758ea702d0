import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import {
  nameLockPath,
  releaseNameLock,
  removeNameLock,
  tryNameLock,
} from '../../src/jail/lifecycle/name-lock.ts';

it('is held by one at a time, and leaves no file', async () => {
  const folder = await mkdtemp('/var/tmp/name-lock-');
  try {
    const path = nameLockPath(folder, 'web');
    const first = tryNameLock(path);
    if (first === undefined) throw new Error('it is free');
    expect(tryNameLock(path)).toBeUndefined();
    // one that is held stays
    removeNameLock(path);
    expect(existsSync(path)).toBe(true);
    expect(tryNameLock(path)).toBeUndefined();
    releaseNameLock(path, first);
    expect(existsSync(path)).toBe(false);
    const second = tryNameLock(path);
    if (second === undefined) throw new Error('it is free again');
    expect(tryNameLock(path)).toBeUndefined();
    releaseNameLock(path, second);
    removeNameLock(path);
    expect(existsSync(path)).toBe(false);
  } finally {
    await rm(folder, { recursive: true });
  }
});
