import { escapeHtml } from '../../system/escape-html.ts';
import { memberOf, wordOf } from './foreign-json.ts';
import { timelineOf } from './timeline.ts';
import type { BundleVerdict } from './verify-bundle.ts';

/** Which files of a bundle a report is made of, beside those of its timeline. */
export function isForReport(path: string): boolean {
  return /^(?:network\/sockets\.json|process\/(?:programs\.json|\d+\/(?:status|cmdline|links\.json))|jail\/control|rootfs\/changes\.json)$/.test(
    path,
  );
}

interface Section {
  title: string;
  columns: string[];
  rows: string[][];
}

/** A report as plain text. */
export function textReport(verdict: BundleVerdict): string {
  return sectionsOf(verdict)
    .map(({ title, columns, rows }) => {
      const lines = [columns, ...rows].map((row) => `  ${row.join('  ')}\n`).join('');
      return `${title}\n${rows.length === 0 ? '  none\n' : lines}`;
    })
    .join('\n');
}

/** A report as one HTML page without scripts or anything from elsewhere; all that came from the jail is escaped. */
export function htmlReport(verdict: BundleVerdict): string {
  const sections = sectionsOf(verdict).map(({ title, columns, rows }) => {
    const head = columns.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
    const body = rows.map(
      (row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>\n`,
    );
    const table = `<table><thead><tr>${head}</tr></thead>\n<tbody>${body.join('')}</tbody></table>`;
    return `<section><h2>${escapeHtml(title)}</h2>\n${rows.length === 0 ? '<p>none</p>' : table}</section>\n`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence of ${escapeHtml(jailOf(verdict))}</title>
<style>body{font:15px/1.5 sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.2rem .6rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere;font-family:monospace}h2{margin-top:2rem}</style></head>
<body><h1>Evidence of ${escapeHtml(jailOf(verdict))}</h1>
${sections.join('')}</body></html>
`;
}

function jailOf({ manifest }: BundleVerdict): string {
  const [begin] = manifest;
  return begin?.kind === 'begin' ? begin.jail : '';
}

function sectionsOf(verdict: BundleVerdict): Section[] {
  const { manifest, findings, signer, sha256, bundle } = verdict;
  const [begin] = manifest;
  const about =
    begin?.kind !== 'begin'
      ? []
      : [
          ['jail', `${begin.jail} ${begin.version}`],
          ['its .deb', begin.deb],
          ['host', `${begin.host.name}, Linux ${begin.host.kernel}, boot ${begin.host.boot}`],
          ['taken', begin.time],
          ['reason', begin.reason ?? '-'],
          ['last event', begin.events === undefined ? '-' : `#${begin.events.seq} ${begin.events.hash}`],
        ];
  return [
    {
      title: 'Bundle',
      columns: ['what', 'value'],
      rows: [...about, ['SHA-256', sha256], ['signed by', signer ?? 'no valid signature']],
    },
    {
      title: 'Differences from what was signed',
      columns: ['file', 'what'],
      rows: findings.map(({ path, message }) => [path ?? '-', message]),
    },
    {
      title: 'Processes',
      columns: ['pid', 'state', 'uid', 'program', 'command'],
      rows: processRows(bundle.kept),
    },
    {
      title: 'Sockets',
      columns: ['protocol', 'state', 'local', 'peer', 'pids'],
      rows: socketRows(bundle.kept),
    },
    {
      title: 'Programs and files without a name',
      columns: ['file', 'source', 'SHA-256'],
      rows: manifest.flatMap((line) =>
        line.kind === 'file' && line.path.includes('/unnamed/')
          ? [[line.path, line.source, line.sha256]]
          : [],
      ),
    },
    { title: 'Rootfs against its .deb', columns: ['what', 'file'], rows: changeRows(bundle.kept) },
    {
      title: 'What could not be collected',
      columns: ['source', 'errno', 'why'],
      rows: [
        ...manifest.flatMap((line) =>
          line.kind === 'missing' ? [[line.source, line.errno, line.why ?? '']] : [],
        ),
        ...bundle.leftOut.map((path) => [
          path,
          'LIMIT',
          'it is in the bundle, and too large for this report',
        ]),
      ],
    },
    {
      title: 'Timeline',
      columns: ['time', 'source', 'what'],
      rows: timelineOf(verdict).map(({ time, source, text }) => [time, source, printable(text)]),
    },
  ].map((section) => ({ ...section, rows: section.rows.map((row) => row.map(printable)) }));
}

function processRows(kept: ReadonlyMap<string, Buffer>): string[][] {
  return [...kept].flatMap(([path, bytes]) => {
    const [, pid] = /^process\/(\d+)\/status$/.exec(path) ?? [];
    if (pid === undefined) return [];
    const field = (name: string) =>
      new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(bytes.toString('utf8'))?.[1] ?? '';
    const command = kept.get(`process/${pid}/cmdline`)?.toString('utf8').replaceAll('\0', ' ').trim() ?? '';
    const exe = /"exe": ?"([^"]*)"/.exec(kept.get(`process/${pid}/links.json`)?.toString('utf8') ?? '')?.[1];
    return [[pid, field('State'), field('Uid'), exe ?? '', command]];
  });
}

function socketRows(kept: ReadonlyMap<string, Buffer>): string[][] {
  const sockets = parse(kept.get('network/sockets.json'));
  if (!Array.isArray(sockets)) return [];
  return sockets.map((socket: unknown) =>
    ['protocol', 'state', 'local', 'peer', 'pids'].map((name) => wordOf(memberOf(socket, name))),
  );
}

function changeRows(kept: ReadonlyMap<string, Buffer>): string[][] {
  const changes = parse(kept.get('rootfs/changes.json'));
  if (typeof changes !== 'object' || changes === null) return [];
  return Object.entries(changes).flatMap(([what, files]) =>
    Array.isArray(files) ? files.map((file) => [what, wordOf(file)]) : [],
  );
}

function parse(bytes: Buffer | undefined): unknown {
  try {
    return JSON.parse(bytes?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}

/** What a jail wrote must not steer a terminal. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Bidi_Control}]/gu,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}
