import { describe, expect, it } from 'vitest';
import { assertConfiguration, assertCredentials, withSettings } from '../../src/control/operator-values.ts';
import { declarationOf, faultsOf } from './declarations.ts';

const declaration = declarationOf(
  'XB-Jail-Environment: FIXED=1\n' +
    'XB-Jail-Settings: LEVEL pattern=debug|info default=info\n NAME pattern=[a-z]+\n TEXT default="a b"\n' +
    'XB-Jail-Credentials: db\n tls optional\nXB-Jail-Configuration: /etc/x.conf',
);

describe('settings', () => {
  it('are the defaults until the operator sets them, beside the declared environment', () => {
    expect(withSettings(declaration).environment).toEqual({ FIXED: '1', LEVEL: 'info', TEXT: 'a b' });
    expect(withSettings(declaration, { NAME: 'x', LEVEL: 'debug', TEXT: '' }).environment).toEqual({
      FIXED: '1',
      LEVEL: 'debug',
      NAME: 'x',
      TEXT: '',
    });
  });

  it.each([
    [{ OTHER: 'x' }, 'Jail-Settings: OTHER is not declared; declared: LEVEL, NAME, TEXT'],
    [{ FIXED: '2' }, 'Jail-Settings: FIXED is not declared'],
    [{ LEVEL: 'all' }, 'Jail-Settings: LEVEL: "all" does not match debug|info'],
    [{ NAME: 'a\nB=1' }, 'a value is one line of text'],
    [{ TEXT: 'a\0' }, 'a value is one line of text'],
    [{ TEXT: 'a'.repeat(4097) }, 'at most 4096 characters'],
    [{ toString: 'x' }, 'toString is not declared'],
  ])('%j: refused', (given, message) => {
    expect(() => withSettings(declaration, given)).toThrow(message);
  });

  it.each([
    ['XB-Jail-Settings: A=1', '"A=1" is no name of a variable'],
    ['XB-Jail-Settings: A pattern=(x)', 'is no part of a pattern'],
    ['XB-Jail-Settings: A pattern=x default=y', 'A: "y" does not match x'],
    ['XB-Jail-Settings: A default=1 default=2', 'is no option, or is there twice'],
    ['XB-Jail-Settings: A\n A', 'A is declared twice'],
    ['XB-Jail-Settings: A\nXB-Jail-Environment: A=1', 'A is in Environment as well'],
    ['XB-Jail-Credentials: ../x', '"../x"; allowed: NAME [optional]'],
    ['XB-Jail-Credentials: a maybe', '"maybe"; allowed'],
    ['XB-Jail-Credentials: a\n a optional', 'a is declared twice'],
    ['XB-Jail-Credentials: a\nXB-Jail-Filesystem: tmp /run/credentials', 'is the place of Credentials'],
    ['XB-Jail-Configuration: etc/x', 'is not an absolute path'],
    ['XB-Jail-Configuration: /usr/bin/x', 'nothing in /usr is configuration'],
    ['XB-Jail-Configuration: /proc/x', 'nothing in /proc is configuration'],
    [
      'XB-Jail-Configuration: /data/x\nXB-Jail-Filesystem: rw /data',
      '/data/x and the mount /data must not overlap',
    ],
    ['XB-Jail-Prepare: /bin/init', 'there is no volume to prepare'],
    ['XB-Jail-Prepare: init\nXB-Jail-Filesystem: rw /data', 'is not an absolute path'],
  ])('%s: refused', (lines, message) => {
    expect(faultsOf(lines).join()).toContain(message);
  });
});

describe('credentials and configuration', () => {
  const secret = Buffer.from('hunter2');

  it('are taken when they are declared', () => {
    expect(() => assertCredentials(declaration, { db: secret })).not.toThrow();
    expect(() => assertCredentials(declaration, { db: secret, tls: secret })).not.toThrow();
    expect(() => assertConfiguration(declaration, { '/etc/x.conf': '/srv/x' })).not.toThrow();
  });

  it('are refused when they are not declared, missing or too long, without a word of the secret', () => {
    expect(() => assertCredentials(declaration, {})).toThrow(
      'Jail-Credentials: db is required and not given',
    );
    expect(() => assertCredentials(declaration, { db: secret, other: secret })).toThrow(
      /^Jail-Credentials: other is not declared; declared: db, tls$/,
    );
    expect(() => assertCredentials(declaration, { db: Buffer.alloc(131_073) })).toThrow(
      /^Jail-Credentials: db is longer than 131072 bytes$/,
    );
    expect(() => assertConfiguration(declaration, { '/etc/shadow': '/srv/x' })).toThrow('is not declared');
  });
});
