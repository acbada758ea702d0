import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { exportFormats } from '../../src/export/enforcement.ts';
import { debianName, imageName, imageTag, kubernetesName } from '../../src/export/names.ts';
import { digest, fingerprint, newFolder } from '../publish/publishing.ts';
import { makeDeb } from '../sign/signing.ts';
import { type Exporting, makeExporting } from './exporting.ts';

vi.setConfig({ testTimeout: 120_000 });

let exporting: Exporting;
let deb: string;

beforeAll(async () => {
  exporting = makeExporting();
  deb = await exporting.jail('web', {
    fields: `Jail-Command: /bin/sh -c "echo $HOME; exec httpd -f -p 8080"
Jail-Network: macvlan
Jail-Listen: 8080/tcp
Jail-Connect: dns, 192.0.2.7:5432/tcp, db.example.org:443/tcp
Jail-Health: http://:8080/ interval=10s timeout=2s
Jail-Restart: always
Jail-Filesystem:
 rw /var/lib/box size=64M
 tmp /tmp size=8M`,
  });
});

afterAll(() => exporting.remove());

describe('the same .deb gives the same bytes', () => {
  it.each([...exportFormats])(
    '%s: in another folder, time zone and umask, as another name',
    async (format) => {
      const one = await exporting.written(format, deb);
      const other = newFolder(exporting.folder, `elsewhere-${format}`);
      const copy = join(other, 'web.deb');
      execFileSync('cp', [deb, copy]);
      const argv = ['export', copy, '--format', format, '--output', join(other, 'out'), '--accept-loss'];
      const { everyLoss } = await import('./exporting.ts');
      const { prodng } = await import('../support/prodng.ts');
      execFileSync('sh', ['-c', 'umask 077; exec "$@"', 'sh', prodng, ...argv, everyLoss], {
        cwd: other,
        env: { PATH: process.env.PATH, TZ: 'Asia/Tokyo', LANG: 'C', HOME: other },
      });
      expect(fingerprint(one).length).toBeGreaterThan(0);
      expect(fingerprint(join(other, 'out'))).toEqual(fingerprint(one));
    },
  );
});

it('says what is lost, fails, and writes nothing, until each loss is accepted by its name', async () => {
  const folder = join(exporting.folder, 'lossy');
  const argv = [deb, '--format', 'kubernetes', '--output', folder];
  const refused = await exporting.run(argv);
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('--accept-loss Pids,Connect') });
  expect(refused.stderr).toContain('web: Connect: a NetworkPolicy knows addresses only: db.example.org');
  expect(existsSync(folder)).toBe(false);
  expect(await exporting.run([...argv, '--accept-loss', 'Pids'])).toMatchObject({ status: 1 });
  expect(await exporting.run([...argv, '--accept-loss', 'Pidz'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no declaration "Pidz"'),
  });
  const { status, stdout } = await exporting.run([...argv, '--accept-loss', 'pids,connect']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Pids +lost/m);
  expect(stdout).toMatch(/^Capabilities +enforced/m);
  expect(stdout).toMatch(/^Memory +weaker/m);
});

it('an OCI layout is as the specification has it, with evidence as referrers', async () => {
  const stem = deb.replace(/\.deb$/, '');
  writeFileSync(`${stem}.cdx.json`, '{"bomFormat":"CycloneDX"}');
  writeFileSync(`${stem}.intoto.jsonl`, '{}\n');
  const layout = await exporting.written('oci', deb);
  const blob = (name: string): Buffer => {
    const bytes = readFileSync(join(layout, 'blobs/sha256', name.replace('sha256:', '')));
    expect(`sha256:${digest(bytes)}`).toBe(name);
    return bytes;
  };
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const [image, ...others] = index.manifests;
  expect(image.annotations['org.opencontainers.image.ref.name']).toBe('web:1.0-1');
  const manifest = JSON.parse(blob(image.digest).toString());
  const config = JSON.parse(blob(manifest.config.digest).toString());
  // uncompressed: the layer's digest is its diff_id
  expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
  expect(blob(manifest.layers[0].digest).length).toBe(manifest.layers[0].size);
  expect(config.config.Entrypoint).toEqual(['/bin/sh', '-c', 'echo $HOME; exec httpd -f -p 8080']);
  expect(config.config.Labels['org.prodng.jail-memory']).toBe('64M');
  const referrers = others.filter((each: { artifactType?: string }) => each.artifactType !== undefined);
  expect(referrers.map((each: { artifactType: string }) => each.artifactType)).toEqual([
    'application/vnd.cyclonedx+json',
    'application/vnd.in-toto+json',
  ]);
  for (const each of referrers)
    expect(JSON.parse(blob(each.digest).toString()).subject.digest).toBe(image.digest);
  const tagged = others.find((each: { annotations: Record<string, string> }) =>
    each.annotations['org.opencontainers.image.ref.name']?.startsWith('sha256-'),
  );
  expect(
    JSON.parse(blob(tagged.digest).toString()).manifests.map((each: { digest: string }) => each.digest),
  ).toEqual(referrers.map((each: { digest: string }) => each.digest));
  // every blob is reached
  expect(readdirSync(join(layout, 'blobs/sha256'))).toHaveLength(3 + 1 + 2 * 2 + 1);
});

it('writes a layer of many megabytes to its end, for both kinds of image', async () => {
  const text = randomBytes(6 * 2 ** 20).toString('base64');
  const files = Object.fromEntries([1, 2, 3, 4].map((index) => [`usr/share/big/${index}`, text]));
  const big = await exporting.jail('big', { files });
  const layout = await exporting.written('oci', big);
  const layer = readdirSync(join(layout, 'blobs/sha256'))
    .map((name) => join(layout, 'blobs/sha256', name))
    .find((path) => statSync(path).size > 4 * text.length);
  const file = execFileSync('tar', ['-xOf', layer ?? '', 'usr/share/big/4'], { maxBuffer: 2 ** 26 });
  expect(file.toString() === text).toBe(true);
  const archive = join(await exporting.written('docker-archive', big), 'image.tar');
  const [, name = ''] = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).split('\n');
  const inArchive = execFileSync('tar', ['-xOf', archive, name], { maxBuffer: 2 ** 27 });
  expect(inArchive.equals(readFileSync(layer ?? ''))).toBe(true);
});

it('what exists is not written over', async () => {
  const there = newFolder(exporting.folder, 'there');
  writeFileSync(join(there, 'index.json'), 'mine');
  const argv = [deb, '--format', 'quadlet', '--accept-loss', 'Connect,Health', '--output', there];
  expect(await exporting.run(argv)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('exists already'),
  });
  expect(fingerprint(there)).toEqual([`index.json ${digest(Buffer.from('mine'))}`]);
});

it('what is no jail, or does not verify, is refused', async () => {
  const plain = await makeDeb(exporting.folder, 'plain');
  expect(await exporting.run([plain, '--format', 'quadlet'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('not a jail'),
  });
  const tree = join(exporting.folder, 'tree');
  execFileSync('dpkg-deb', ['-R', deb, tree]);
  mkdirSync(join(tree, 'usr/lib/prodng/jails/web/rootfs/extra'));
  writeFileSync(join(tree, 'usr/lib/prodng/jails/web/rootfs/extra/.wh.passwd'), '');
  const changed = join(exporting.folder, 'changed.deb');
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-b', tree, changed], { stdio: 'pipe' });
  expect(await exporting.run([changed, '--format', 'quadlet'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/does not verify\n {2}.*\.wh\.passwd/),
  });
  expect(await exporting.run([changed, '--format', 'oci'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('in a layer that name removes another file'),
  });
  expect(readdirSync(exporting.folder).filter((name) => name.includes('.tmp-'))).toEqual([]);
});

it('several jails are one kustomization and one compose project', async () => {
  const api = await exporting.jail('api', { fields: 'Jail-Network: loopback' });
  const losses = ['--accept-loss', 'Pids,Connect,Root-Mapping,Health'];
  const kubernetes = join(exporting.folder, 'both.k8s');
  expect(
    await exporting.run([deb, api, '--format', 'kubernetes', '--output', kubernetes, ...losses]),
  ).toMatchObject({ status: 0 });
  expect(parse(readFileSync(join(kubernetes, 'kustomization.yaml'), 'utf8')).resources).toEqual([
    'web.yaml',
    'api.yaml',
  ]);
  const kinds = parseAllDocuments(readFileSync(join(kubernetes, 'web.yaml'), 'utf8')).map(
    (each) => each.toJS().kind,
  );
  expect(kinds).toEqual(['Deployment', 'Service', 'NetworkPolicy', 'PersistentVolumeClaim']);
  const compose = join(exporting.folder, 'both.compose');
  expect(
    await exporting.run([deb, api, '--format', 'compose', '--output', compose, ...losses]),
  ).toMatchObject({
    status: 0,
  });
  const project = parse(readFileSync(join(compose, 'compose.yaml'), 'utf8'));
  expect(Object.keys(project.services)).toEqual(['web', 'api']);
  // a dollar sign is doubled: compose would put a variable in
  expect(project.services.web.entrypoint[2]).toBe('echo $$HOME; exec httpd -f -p 8080');
  expect(await exporting.run([deb, api, '--format', 'oci'])).toMatchObject({ status: 2 });
});

it('names that Kubernetes and registries do not allow are mapped, and the Debian name can be read back', async () => {
  const package_ = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,40}$/);
  fc.assert(
    fc.property(package_, (name) => {
      const mapped = kubernetesName(name);
      expect(mapped).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
      if (name.length * 4 <= 63) expect(debianName(mapped)).toBe(name);
      expect(imageName(name)).toMatch(/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/);
    }),
  );
  expect(new Set(['a.b', 'a+b', 'a-b', 'a-x2eb'].map(kubernetesName)).size).toBe(4);
  expect(imageTag('1:1.4~rc1-1+b2')).toBe('1_3a1.4_7erc1-1_2bb2');
  const odd = await exporting.jail('g++.x', { fields: 'Jail-Network: none' });
  const argv = [
    odd,
    '--format',
    'kubernetes',
    '--accept-loss',
    'Pids',
    '--output',
    join(exporting.folder, 'odd'),
  ];
  expect((await exporting.run(argv)).stdout).toContain('named g-x2b-x2b-x2ex there');
});
