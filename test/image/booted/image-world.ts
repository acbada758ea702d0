import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { newImage } from '../../../src/image/new-image.ts';
import { signImage } from '../../../src/image/sign-image.ts';
import { KeyStore } from '../../../src/sign/key-store.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import { loadArchives } from '../../../src/store/archive-config.ts';
import { makeSigner, writeKeyring } from '../../sign/signing.ts';
import { makeBusyboxJail } from '../../support/busybox-jail.ts';
import { type LocalPackage, makeLocalArchive } from '../../support/local-archive.ts';
import { runProdng } from '../../support/prodng.ts';

/** What `prodng image build --json` prints. */
export interface BuiltImage {
  path: string;
  size: number;
  sha256: string;
  sbom: string;
  provenance: string;
  buildinfo: string;
  manifest: { initrd: { size: number }; root: { hash: string }; packages: { name: string }[] };
}

/** Keys of image.yaml that differ from those of the first image. */
export type ImageChanges = Readonly<Record<string, unknown>>;

/** An archive with ProdNG's own packages, certificates, a release key, and image sources. */
export interface ImageWorld {
  folder: string;
  /** For --sources. */
  sources: string;
  /** Folder with agent.pem, agent.key, client.pem, client.key and authority.pem. */
  certificates: string;
  release: Signer;
  stranger: Signer;
  /** Makes the source of an image, with the lock of the first one. */
  source(name: string, changes?: ImageChanges): Promise<string>;
  /** Builds it. @param prefix runs before prodng */
  build(dir: string, output: string, options?: BuildOptions): Promise<BuiltImage>;
  /** A source, its image, signed. */
  signed(name: string, changes: ImageChanges, signer?: Signer): Promise<string>;
  remove(): Promise<void>;
}

export interface BuildOptions {
  prefix?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** The lowest address of the pool in `firstImage`: that of the jail. */
export const jailAddress = '10.0.2.20';

const firstImage = {
  version: '1.0',
  kernel: { variant: 'cloud', commandLine: ['console=ttyS0', 'prodng.console=1', 'loglevel=6'] },
  agent: {
    networks: {
      lan: { uplink: 'eth0', subnet: '10.0.2.0/24', range: [jailAddress, '10.0.2.29'], gateway: '10.0.2.2' },
    },
    tls: {
      address: '0.0.0.0',
      certificate: '/etc/prodng/tls/agent.pem',
      key: '/run/credentials/agent.key',
      clientAuthority: '/etc/prodng/tls/authority.pem',
    },
  },
  files: [
    { from: 'agent.pem', to: '/etc/prodng/tls/agent.pem' },
    { from: 'authority.pem', to: '/etc/prodng/tls/authority.pem' },
  ],
  jails: ['page_1.0-1_amd64.deb'],
  trust: ['release.gpg'],
  trialSeconds: 600,
};

/** @param debs the folder of ProdNG's own packages, of scripts/build-debs */
export async function makeImageWorld(debs: string): Promise<ImageWorld> {
  // on the disk: a world is as large as all of its images
  const folder = await mkdtemp('/var/tmp/prodng-image-');
  const archive = await makeLocalArchive('prodng');
  await archive.publish(await packagesOf(debs));
  const sources = join(folder, 'archives.sources');
  await writeFile(sources, `${await hostSources()}\n${await readFile(await archive.writeSources(), 'utf8')}`);
  const certificates = await makeCertificates(join(folder, 'certificates'));
  const store = new KeyStore({ state: join(folder, 'keys'), cache: folder, run: folder });
  const [release, stranger] = [await makeSigner(store, 'release'), await makeSigner(store, 'stranger')];
  const keyring = await writeKeyring(store, join(folder, 'release.gpg'), [release.fingerprint]);
  const jail = await makeBusyboxJail(folder, {
    name: 'page',
    fields:
      'Jail-Command: /bin/sh -c "echo the page is served; mkdir /tmp/w; echo from the jail > /tmp/w/index.html; ' +
      'exec httpd -f -p 8080 -h /tmp/w"\nJail-Network: macvlan\nJail-Listen: 8080/tcp\nJail-Filesystem: tmp /tmp\n' +
      'Jail-Health: http://:8080/ interval=5s timeout=5s',
  });
  let lock: string | undefined;
  const world: ImageWorld = {
    folder,
    sources,
    certificates,
    release,
    stranger,
    async source(name, changes = {}) {
      const dir = join(folder, name, 'host');
      await mkdir(join(folder, name), { recursive: true });
      await newImage(dir);
      const yaml = join(dir, 'image.yaml');
      const document = parseDocument(await readFile(yaml, 'utf8'));
      for (const [key, value] of Object.entries({ ...firstImage, ...changes })) document.set(key, value);
      await writeFile(yaml, document.toString());
      for (const file of ['agent.pem', 'authority.pem'])
        await copyFile(join(certificates, file), join(dir, file));
      await copyFile(keyring, join(dir, 'release.gpg'));
      await copyFile(jail, join(dir, 'page_1.0-1_amd64.deb'));
      if (lock === undefined) await ok(['image', 'lock', dir, '--sources', sources]);
      else await copyFile(lock, join(dir, 'image.lock'));
      lock ??= join(dir, 'image.lock');
      return dir;
    },
    build: async (dir, output, options) =>
      JSON.parse(await ok(['image', 'build', dir, '--sources', sources, '-o', output, '--json'], options)),
    async signed(name, changes, signer = release) {
      const dir = await world.source(name, changes);
      const { path } = await world.build(dir, join(folder, name, 'results'));
      const signed = join(folder, `${name}.slot`);
      await signImage(path, signed, [signer]);
      await rm(join(folder, name), { recursive: true });
      return signed;
    },
    async remove() {
      await archive.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

async function ok(argv: readonly string[], options: BuildOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await runProdng(argv, options);
  if (status !== 0) throw new Error(`prodng ${argv.join(' ')}: ${status}: ${stderr}`);
  return stdout;
}

async function packagesOf(debs: string): Promise<LocalPackage[]> {
  const files = (await readdir(debs)).filter((name) => name.endsWith('.deb'));
  return files.sort().map((file) => {
    const [name = '', version = ''] = file.split('_');
    return { name, version, deb: join(debs, file) };
  });
}

/** The host's own archives of Debian, in deb822 form. */
async function hostSources(): Promise<string> {
  const archives = await loadArchives({ architecture: 'amd64', env: {} });
  return archives
    .map(({ uri, suite, components, signedBy }) => {
      if (signedBy.kind !== 'files') throw new Error('the host names the key of its archive as text');
      const fields = { URIs: uri, Suites: suite, Components: components.join(' ') };
      return Object.entries({ Types: 'deb', ...fields, 'Signed-By': signedBy.paths.join(',') })
        .map(([name, value]) => `${name}: ${value}\n`)
        .join('');
    })
    .join('\n');
}

/** An authority, the agent's certificate for localhost, and a client's. */
async function makeCertificates(folder: string): Promise<string> {
  await mkdir(folder);
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-keyout', 'authority.key', '-out', 'authority.pem', '-subj', '/CN=hosts');
  for (const name of ['agent', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=localhost');
    const by = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.pem`);
  }
  return folder;
}
