import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifySignatures } from '../../src/sign/verify-signatures.ts';
import { plainEnvironment, run } from '../../src/system/process.ts';
import { terminalSession } from '../support/jail-host.ts';
import { prodng as program } from '../support/prodng.ts';
import { makeScratch, type Scratch } from './signing.ts';

let scratch: Scratch;

beforeAll(async () => {
  scratch = await makeScratch();
});
afterAll(() => scratch.remove());

const withDescriptor = ['-c', 'exec "$@" 3<"$0"'];

interface Call {
  env?: Record<string, string>;
  /** A file that becomes descriptor 3. */
  descriptor?: string;
  input?: string;
}

async function prodng(
  args: readonly string[],
  { env = {}, descriptor = '/dev/null', input = '' }: Call = {},
) {
  const { exitCode, stdout, stderr } = await execa('sh', [...withDescriptor, descriptor, program, ...args], {
    env: {
      ...plainEnvironment,
      HOME: scratch.folder,
      PRODNG_STATE_DIR: join(scratch.folder, 'state'),
      ...env,
    },
    extendEnv: false,
    reject: false,
    // no controlling terminal: a question would hang a test that is run from one
    detached: true,
    input,
  });
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}

async function newKey(name: string, ...options: string[]): Promise<string> {
  const made = await prodng(['key', 'new', `${name} <${name}@example.org>`, '--json', ...options]);
  expect(made.stderr).toBe('');
  const [key] = JSON.parse(made.stdout) as { fingerprint: string }[];
  return key?.fingerprint ?? '';
}

describe('prodng key', () => {
  it('makes a key whose files are for its owner alone', async () => {
    const fingerprint = await newKey('files', '--no-passphrase', '--expires', '2y');
    const folder = join(scratch.folder, 'state/keys');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const suffix of ['.asc', '.secret.asc', '.revocation.asc'])
      expect((await stat(join(folder, fingerprint + suffix))).mode & 0o777).toBe(0o600);
    const { stdout } = await prodng(['key', 'list']);
    expect(stdout).toMatch(
      new RegExp(`${fingerprint}  files <files@example.org>, ed25519, .*can sign, expires 20`),
    );
  });

  it('locks a key with the passphrase that a file holds, and signs only with it', async () => {
    const right = join(scratch.folder, 'right');
    const wrong = join(scratch.folder, 'wrong');
    await writeFile(right, 'a long phrase\n');
    await writeFile(wrong, 'another\n');
    const made = await prodng(['key', 'new', 'locked <locked@example.org>', '--json'], {
      env: { PRODNG_KEY_PASSPHRASE_FILE: right },
    });
    expect(JSON.parse(made.stdout)).toMatchObject([{ secret: true, locked: true }]);
    const deb = join(scratch.folder, 'locked.deb');
    const sign = ['sign', scratch.deb, '--output', deb, '--key', 'locked@example.org'];
    const refused = await prodng(sign, { env: { PRODNG_KEY_PASSPHRASE_FILE: wrong } });
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('wrong passphrase')]);
    const nobody = await prodng(sign);
    expect([nobody.exitCode, nobody.stderr]).toEqual([
      2,
      expect.stringContaining('no terminal to ask for it'),
    ]);
    const signed = await prodng([...sign, '--passphrase-fd', '3'], { descriptor: right });
    expect([signed.stderr, signed.exitCode]).toEqual(['', 0]);
    expect((await verifySignatures(deb, await scratch.store.publicKeys()))[0]?.status).toBe('valid');
  });

  it('asks on the terminal, and shows nothing of what is typed', async () => {
    const line = [program, 'key', 'new', 'typed <typed@example.org>'];
    const session = terminalSession(line, {
      ...plainEnvironment,
      HOME: scratch.folder,
      PRODNG_STATE_DIR: join(scratch.folder, 'state'),
    });
    for (const question of ['Passphrase for the new key', 'Once more']) {
      await session.said(question);
      session.type('secret-phrase\r');
    }
    expect(await session.status()).toBe(0);
    const stdout = session.output();
    expect(stdout).toContain('can sign with its passphrase');
    expect(stdout).not.toContain('secret-phrase');
  });

  it('exports what gpg imports, and imports what gpg exports', async () => {
    const fingerprint = await newKey('travel', '--no-passphrase');
    const home = join(scratch.folder, 'gnupg');
    await mkdir(home, { mode: 0o700 });
    const env = { ...plainEnvironment, GNUPGHOME: home, HOME: home };
    const secret = join(scratch.folder, 'travel.asc');
    expect((await prodng(['key', 'export', fingerprint, '--secret', '--output', secret])).exitCode).toBe(0);
    expect((await stat(secret)).mode & 0o777).toBe(0o600);
    await run(['gpg', '--batch', '--import', secret], { env });
    const listed = await run(['gpg', '--with-colons', '--list-secret-keys'], { env });
    expect(listed.stdout).toContain(fingerprint);
    const exported = await run(['gpg', '--armor', '--export', fingerprint], { env });
    const elsewhere = { PRODNG_STATE_DIR: join(scratch.folder, 'elsewhere') };
    const imported = await prodng(['key', 'import', '-'], { env: elsewhere, input: exported.stdout });
    expect(imported.stdout).toContain(`${fingerprint}  travel <travel@example.org>`);
    expect(imported.stdout).toContain('public only');
    await run(['gpgconf', '--kill', 'all'], { env });
  });

  it.each([
    [['key', 'new', 'nobody'], 'not of the form'],
    [['key', 'new', 'A <a@example.org>', '--expires', '2001-01-01'], 'not a time ahead'],
    [['key', 'export', 'missing@example.org'], 'no key missing@example.org'],
    [['key', 'import', '/nonexistent'], 'cannot be read'],
    [['sign', '/nonexistent.deb', '--key', 'missing@example.org'], 'no key missing@example.org'],
    [['sign', 'x.deb', '--gpg', '--homedir'], 'gpg has no secret key --homedir'],
  ])('%j ends with 2 and says why', async (args, message) => {
    const { exitCode, stderr } = await prodng([...args, ...(args[1] === 'new' ? ['--no-passphrase'] : [])]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('prodng sign and strip-signature', () => {
  it('sign with two keys, reproducibly, and give the unsigned bytes back', async () => {
    const [one, two] = [await newKey('one', '--no-passphrase'), await newKey('two', '--no-passphrase')];
    const before = await readFile(scratch.deb);
    const results: Buffer[] = [];
    for (const name of ['a.deb', 'b.deb']) {
      const deb = join(scratch.folder, name);
      await copyFile(scratch.deb, deb);
      const signed = await prodng(['sign', deb, '--key', one, '--key', 'two@example.org'], {
        env: { SOURCE_DATE_EPOCH: '1900000000' },
      });
      expect(signed.stdout).toContain(`${deb}: _gpgorigin: signed by one <one@example.org> (${one})`);
      results.push(await readFile(deb));
      const reports = await verifySignatures(deb, await scratch.store.publicKeys(), new Date(2e12));
      expect(reports.map(({ status, fingerprint }) => [status, fingerprint])).toEqual([
        ['valid', one],
        ['valid', two],
      ]);
      expect((await prodng(['strip-signature', deb])).stdout).toContain('_gpgorigin, _gpgmaint removed');
      expect(await readFile(deb)).toEqual(before);
    }
    expect(results[0]).toEqual(results[1]);
  });

  it('sign with a key of gpg', async () => {
    const home = join(scratch.folder, 'token');
    await mkdir(home, { mode: 0o700 });
    const env = { ...plainEnvironment, GNUPGHOME: home, HOME: home };
    const gpg = ['gpg', '--batch', '--pinentry-mode', 'loopback', '--passphrase', ''] as const;
    await run([...gpg, '--quick-generate-key', 'token <token@example.org>', 'rsa3072', 'sign', 'never'], {
      env,
    });
    const deb = join(scratch.folder, 'token.deb');
    const signed = await prodng(['sign', scratch.deb, '--output', deb, '--gpg', 'token@example.org'], {
      env: { GNUPGHOME: home },
    });
    expect([signed.stderr, signed.exitCode]).toEqual(['', 0]);
    const exported = await run(['gpg', '--armor', '--export'], { env });
    expect((await prodng(['key', 'import', '-'], { input: exported.stdout })).stdout).toContain('rsa3072');
    const [report] = await verifySignatures(deb, await scratch.store.publicKeys());
    expect(report).toMatchObject({ status: 'valid', signer: 'token <token@example.org>' });
    await run(['gpgconf', '--kill', 'all'], { env });
  });

  it('refuses to sign with an expired key, and says when it expired', async () => {
    const { createKey } = await import('../../src/sign/create-key.ts');
    const created = new Date('2020-01-01T00:00:00Z');
    await createKey(scratch.store, { userId: 'late <late@example.org>', date: created, lifetime: 86_400 });
    const { exitCode, stderr } = await prodng(['sign', scratch.deb, '--key', 'late@example.org']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('expired on 2020-01-02')]);
    expect(await verifySignatures(scratch.deb, [])).toEqual([]);
  });
});
