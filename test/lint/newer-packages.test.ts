import { expect, test } from 'vitest';
import { newerThanLocked } from '../../src/lint/newer-packages.ts';
import { soundLock } from './support/sound-jail.ts';

const offer = (version: string, archive: string) => ({
  name: 'libc6',
  architecture: 'amd64',
  version,
  archive,
  security: archive.includes('security'),
});

test('a flaw that the security archive mended counts, although a point release has something newer', () => {
  const offers = [offer('2.36-9+deb12u9', 'debian'), offer('2.36-9+deb12u7', 'debian-security')];
  expect(newerThanLocked(soundLock, offers)).toEqual([
    {
      name: 'libc6',
      locked: '2.36-9+deb12u4',
      newest: '2.36-9+deb12u7',
      archive: 'debian-security',
      security: true,
    },
  ]);
});

test('what the security archive has is not news when it is locked, or older than that', () => {
  const offers = [offer('2.36-9+deb12u4', 'debian-security'), offer('2.36-9+deb12u3', 'debian-security')];
  expect(newerThanLocked(soundLock, offers)).toEqual([]);
});

test('versions are compared as dpkg does, and architectures kept apart', () => {
  expect(newerThanLocked(soundLock, [offer('2.36-9+deb12u10', 'debian')])).toMatchObject([
    { security: false },
  ]);
  expect(newerThanLocked(soundLock, [{ ...offer('3', 'debian'), architecture: 'arm64' }])).toEqual([]);
  expect(newerThanLocked(soundLock, [offer('2.36-9+deb12u4~1', 'debian')])).toEqual([]);
});
