import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ManifestLine } from '../../src/evidence/bundle/manifest.ts';
import { htmlReport, textReport } from '../../src/evidence/read/report.ts';
import type { BundleVerdict } from '../../src/evidence/read/verify-bundle.ts';
import { stripPeSignatures } from '../../src/image/pe.ts';
import { type Exporting, everyLoss, makeExporting } from '../export/exporting.ts';
import { makePublishing, type Publishing } from '../publish/publishing.ts';
import { makeBusyboxJail } from '../support/busybox-jail.ts';

// Found by the second review of issue 11: publish, export and evidence.

vi.setConfig({ testTimeout: 120_000 });

let publishing: Publishing;
let exporting: Exporting;

beforeAll(async () => {
  publishing = await makePublishing();
  exporting = makeExporting();
});
afterAll(() => {
  publishing.remove();
  exporting.remove();
});

it.each([
  ['Source: ../../../../dists/evil', 'Source: "../../../../dists/evil" is no source package'],
  ['Source: evil (../../1)', 'Source: "evil (../../1)" is no source package'],
  ['Prodng-Evidence:\n 0 1 sbom pool/main/o/other.cdx.json', 'the field Prodng-Evidence'],
  ['Filename: pool/main/o/other_1_amd64.deb', 'the field Filename'],
])('publish refuses a package that says of itself: %s', async (field, reason) => {
  const archive = mkdtempSync(join(publishing.folder, 'archive-'));
  const deb = await makeBusyboxJail(publishing.folder, {
    name: 'evil',
    whole: true,
    control: (text) => text.replace(/^Version:/m, `${field}\nVersion:`),
  });
  const { status, stderr } = await publishing.publish([archive, deb, '--suite', 'staging']);
  expect(stderr).toContain(reason);
  expect(status).toBe(2);
  expect(existsSync(join(archive, 'dists'))).toBe(false);
});

it.each([
  ['compose', `/\${SECRET}`],
  ['quadlet', '/%h'],
  ['kubernetes', '/data:exec,suid'],
])('export to %s refuses the path %s, which would be more than a path there', async (format, path) => {
  const deb = await exporting.jail('evil', { fields: `Jail-Filesystem: rw ${path}` });
  const output = join(exporting.folder, 'refused');
  const argv = [deb, '--format', format, '--accept-loss', everyLoss, '--output', output];
  const { status, stderr } = await exporting.run(argv);
  expect(stderr).toContain(`${format} cannot have the path ${JSON.stringify(path)}`);
  expect(status).toBe(2);
  expect(existsSync(output)).toBe(false);
});

it('export carries no variable of the operator or the cluster into a jail', async () => {
  const fields = 'Jail-Command: /bin/echo $(HOME) $' + '{SECRET}\nJail-Workdir: /tmp/$' + '{SECRET}';
  const deb = await exporting.jail('web', { fields });
  const read = async (format: 'compose' | 'kubernetes', file: string) =>
    readFileSync(join(await exporting.written(format, deb), file), 'utf8');
  const compose = await read('compose', 'compose.yaml');
  expect(compose.match(/\$*\{SECRET\}/g)).toEqual(['$$' + '{SECRET}', '$$' + '{SECRET}']);
  const kubernetes = await read('kubernetes', 'web.yaml');
  expect(kubernetes).toMatch(/^ +- \$\$\(HOME\)$/m);
});

it('a UKI whose signatures lie over its headers is malformed, and no fault of prodng', () => {
  const image = Buffer.alloc(512);
  image.write('MZ');
  image.writeUInt32LE(64, 60);
  image.write('PE', 64);
  image.writeUInt16LE(240, 64 + 4 + 16);
  image.writeUInt16LE(0x20b, 88);
  image.writeUInt32LE(10, 88 + 144);
  image.writeUInt32LE(image.length - 10, 88 + 148);
  expect(() => stripPeSignatures(image)).toThrow(expect.objectContaining({ code: 'IMAGE' }));
});

it('a report of a bundle of foreign origin ends, and has no markup of it', () => {
  const script = '<script>alert(1)</script>\u001b[2J';
  const odd = '{"toString":1,"valueOf":1}';
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const time = new Date(0).toISOString();
  const chain = { seq: 1, previous: '', hash: '' };
  const manifest: ManifestLine[] = [
    {
      kind: 'file',
      path: 'host/proc/uptime',
      size: 1,
      sha256: '',
      source: script,
      artifact: '',
      time,
      ...chain,
    },
    { kind: 'missing', source: script, artifact: '', errno: 'EIO', why: script, time, ...chain },
  ];
  const kept = new Map(
    Object.entries({
      'network/sockets.json': `[null, 1, {"protocol": ${odd}, "state": "${script.slice(0, -4)}", "pids": ${deep}}]`,
      'rootfs/changes.json': `{"added": [${odd}, ${deep}]}`,
      'events/events.jsonl': `{"time": "${time}", "kind": "x", "seq": ${odd}, "detail": {"a": ${odd}}}\n`,
      'rootfs/files.jsonl': `{"path": "x", "mode": ${odd}}\n`,
      'host/proc/uptime': '1 1',
      'process/1/stat': `1 (x) ${'9'.repeat(20)} `.repeat(12),
      'process/1/cmdline': script,
    }).map(([path, text]) => [path, Buffer.from(text)]),
  );
  const bundle = { sha256: '', entries: [], odd: [], manifest: Buffer.alloc(0), statement: '', kept };
  const verdict: BundleVerdict = {
    sha256: '',
    files: 0,
    manifest,
    findings: [{ message: script }],
    bundle: { ...bundle, leftOut: ['jail/log'] },
  };
  const html = htmlReport(verdict);
  expect(html).not.toContain('<script');
  expect(html).not.toContain('\u001b');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  const text = textReport(verdict);
  expect(text).not.toContain('\u001b');
  expect(text).toContain('jail/log  LIMIT');
});
