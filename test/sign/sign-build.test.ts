import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { digestFile } from '../../src/build/evidence/file-digest.ts';
import { packagesFor } from '../../src/lock/lock.ts';
import { readLock } from '../../src/lock/lock-file.ts';
import { KeyStore } from '../../src/sign/key-store.ts';
import { stripSignature } from '../../src/sign/strip-signature.ts';
import { openEnvelope } from '../../src/sign/verify-envelope.ts';
import { verifySignatures } from '../../src/sign/verify-signatures.ts';
import { run } from '../../src/system/process.ts';
import { runProdng } from '../support/prodng.ts';
import { debsigRoot, debsigVerify } from './debsig-verify.ts';
import { writeKeyring } from './signing.ts';

const minutes = 60_000;
let folder: string;
let store: KeyStore;
let fingerprint: string;
let stem: string;

/** Of all signatures: one ahead of the clock would be refused by gpg. */
const date = String(Math.floor(Date.now() / 1000));

/** Runs prodng with keys of its own. */
async function prodng(...argv: string[]): Promise<string> {
  const env = { PRODNG_STATE_DIR: join(folder, 'state'), SOURCE_DATE_EPOCH: date };
  const { status, stdout, stderr } = await runProdng(argv, { env });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return stdout;
}

/** One source, built unsigned to `plain`, signed to `one`, and from a copy elsewhere to `two`. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sign-build-'));
  store = new KeyStore({ state: join(folder, 'state'), cache: folder, run: folder });
  await prodng('key', 'new', 'Release <release@example.org>', '--no-passphrase');
  fingerprint = (await store.list())[0]?.fingerprint ?? '';
  const source = join(folder, 'hello');
  await prodng('new', 'static-binary', source, '--name', 'hello');
  await prodng('build', source, '--output', join(folder, 'plain'));
  await prodng('build', source, '--sign', '--output', join(folder, 'one'));
  const copy = join(folder, 'somewhere/else');
  await mkdir(join(folder, 'somewhere'));
  await cp(source, copy, { recursive: true });
  await prodng('build', copy, '--locked', '--key', 'release@example.org', '--output', join(folder, 'two'));
  stem = (await readdir(join(folder, 'plain'))).find((name) => name.endsWith('.deb'))?.slice(0, -4) ?? '';
}, 15 * minutes);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('two builds give the same evidence, and with the same date the same signatures', async () => {
  const suffixes = ['buildinfo', 'cdx.json', 'changes', 'deb', 'intoto.jsonl', 'provenance.json'];
  const names = (await readdir(join(folder, 'one'))).filter((name) => !name.endsWith('.build')).sort();
  expect(names).toEqual(suffixes.map((suffix) => `${stem}.${suffix}`));
  for (const name of names)
    expect(await readFile(join(folder, 'two', name))).toEqual(await readFile(join(folder, 'one', name)));
  for (const suffix of ['cdx.json', 'provenance.json'])
    expect(await readFile(join(folder, 'plain', `${stem}.${suffix}`))).toEqual(
      await readFile(join(folder, 'one', `${stem}.${suffix}`)),
    );
});

it('the signature is all that a signed .deb has more', async () => {
  const output = join(folder, 'stripped.deb');
  const { removed } = await stripSignature(join(folder, 'one', `${stem}.deb`), output);
  expect(removed).toEqual(['_gpgorigin']);
  expect(await readFile(output)).toEqual(await readFile(join(folder, 'plain', `${stem}.deb`)));
});

it('debsig-verify and dscverify accept what was signed', async () => {
  const deb = join(folder, 'one', `${stem}.deb`);
  const root = await debsigRoot(join(folder, 'root'), store, { origin: fingerprint });
  expect((await debsigVerify(root, deb)).exitCode).toBe(0);
  const keyring = await writeKeyring(store, join(folder, 'keyring.gpg'), [fingerprint]);
  const { stdout } = await run(
    ['dscverify', '--no-default-keyrings', '--keyring', keyring, join(folder, 'one', `${stem}.changes`)],
    { cwd: join(folder, 'one') },
  );
  expect(stdout.match(/Good signature found/g)).toHaveLength(2);
  expect(stdout).toContain('All files validated successfully');
});

it('an unsigned build passes dscverify too', async () => {
  for (const suffix of ['changes', 'buildinfo'])
    await run(['dscverify', '--no-sig-check', `${stem}.${suffix}`], { cwd: join(folder, 'plain') });
});

it('the attestation names the unsigned .deb, the source, the lock and every locked package', async () => {
  const keyring = await store.publicKeys();
  const text = await readFile(join(folder, 'one', `${stem}.intoto.jsonl`), 'utf8');
  const opened = await openEnvelope(text, 'attestation', keyring);
  expect(opened.reports.map(({ status }) => status)).toEqual(['valid']);
  const statement = JSON.parse(opened.payload.toString()) as {
    subject: { name: string; digest: { sha256: string } }[];
    predicate: {
      buildDefinition: {
        externalParameters: { lock: { digest: { sha256: string } } };
        resolvedDependencies: { digest: { sha256: string } }[];
      };
    };
  };
  const { sha256 } = await digestFile(join(folder, 'plain', `${stem}.deb`));
  expect(statement.subject).toEqual([{ name: `${stem}.deb`, digest: { sha256 } }]);
  const { externalParameters, resolvedDependencies } = statement.predicate.buildDefinition;
  const lockFile = join(folder, 'hello/debian/jail.lock');
  expect(externalParameters.lock.digest.sha256).toBe((await digestFile(lockFile)).sha256);
  const lock = await readLock({ root: join(folder, 'hello'), name: 'debian/jail.lock' });
  expect(resolvedDependencies.map(({ digest }) => digest.sha256).sort()).toEqual(
    lock?.packages.map((item) => item.sha256).sort(),
  );
});

it('the SBOM is valid and names what the lock says of the rootfs', async () => {
  const text = await readFile(join(folder, 'one', `${stem}.cdx.json`), 'utf8');
  expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
  const { components } = JSON.parse(text) as { components: { name: string; version: string }[] };
  const lock = await readLock({ root: join(folder, 'hello'), name: 'debian/jail.lock' });
  expect(components.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(
    (lock === undefined ? [] : packagesFor(lock, 'rootfs'))
      .map(({ name, version }) => `${name} ${version}`)
      .sort(),
  );
});

it('verifySignatures names the signer', async () => {
  const reports = await verifySignatures(join(folder, 'one', `${stem}.deb`), await store.publicKeys());
  expect(reports.map(({ status, signer }) => [status, signer])).toEqual([
    ['valid', 'Release <release@example.org>'],
  ]);
});
