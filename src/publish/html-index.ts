import { compareDeclarations } from '../control/compare-declarations.ts';
import { declarationWords } from '../control/declaration-words.ts';
import { exposureScore } from '../control/exposure.ts';
import type { JailDeclaration } from '../control/jail-declaration.ts';
import { escapeHtml } from '../system/escape-html.ts';

/** One version of a package as a page shows it. */
export interface ShownVersion {
  name: string;
  version: string;
  architecture: string;
  summary: string;
  /** Pool path of its .deb. */
  filename: string;
  size: number;
  sha256: string;
  /** Absent for an ordinary package. */
  declaration?: JailDeclaration;
  /** Key ids of the signatures in the .deb, 16 hex digits each. Not verified. */
  signedBy: readonly string[];
  /** Pool paths of its evidence. */
  evidence: readonly string[];
}

/** A suite as a page shows it: versions of a package are together, the newest first. */
export interface ShownSuite {
  suite: string;
  origin: string;
  /** ms since 1970: of its Release file. */
  date: number;
  /** Key ids of the signatures of its Release file. */
  signedBy: readonly string[];
  versions: readonly ShownVersion[];
}

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#1b1b1b}
h1{font-size:1.4em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #ccc}code{font:13px ui-monospace,monospace}
.gained{color:#900;font-weight:600}.lost{color:#060}dt{font-weight:600}li{margin:.1em 0}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}a{color:#8cf}.gained{color:#faa}.lost{color:#9d9}}`;

/** The page of all suites. */
export function archivePage(origin: string, suites: readonly ShownSuite[]): string {
  const items = suites.map(
    ({ suite, date, versions }) =>
      `<li><a href="html/${encodeURIComponent(suite)}.html">${escapeHtml(suite)}</a>: ${countOf(versions)}, published ${time(date)}</li>`,
  );
  return page(`${origin}: packages`, [
    `<p>The key of this archive: <a href="archive-keyring.asc">archive-keyring.asc</a></p>`,
    `<ul>${items.join('')}</ul>`,
  ]);
}

/** The page of one suite. The same suite gives the same bytes. */
export function suitePage({ suite, origin, date, signedBy, versions }: ShownSuite): string {
  const packages = new Map<string, ShownVersion[]>();
  for (const each of versions) {
    const key = `${each.name}:${each.architecture}`;
    packages.set(key, [...(packages.get(key) ?? []), each]);
  }
  return page(`${origin} ${suite}`, [
    '<p><a href="../index.html">All suites</a></p>',
    `<p>Published ${time(date)}, signed by ${keys(signedBy)}. ${countOf(versions)}.</p>`,
    ...[...packages.values()].map(packageSection),
  ]);
}

function packageSection(versions: readonly ShownVersion[]): string {
  const [newest] = versions;
  if (newest === undefined) return '';
  const { name, version, summary, declaration, filename, size, sha256, signedBy, evidence } = newest;
  const exposure = declaration === undefined ? undefined : exposureScore(declaration);
  const reasons = (exposure?.rows ?? []).filter(({ points }) => points > 0);
  return [
    `<h2 id="${escapeHtml(name)}">${escapeHtml(name)} ${escapeHtml(version)}</h2>`,
    `<p>${escapeHtml(summary)}</p>`,
    declaration === undefined
      ? '<p>An ordinary package, not a jail.</p>'
      : list(declarationWords(declaration)),
    exposure === undefined
      ? ''
      : `<p>Exposure ${exposure.value} of 10${reasons.length === 0 ? '' : `: ${reasons.map(({ what, why }) => escapeHtml(`${what}, ${why}`)).join('; ')}`}.</p>`,
    `<dl><dt>File</dt><dd><a href="../${poolLink(filename)}">${escapeHtml(filename)}</a>, ${size} bytes, SHA-256 <code>${sha256}</code></dd>`,
    `<dt>Signatures in the .deb</dt><dd>${keys(signedBy)}</dd>`,
    evidence.length === 0 ? '' : `<dt>Evidence</dt><dd>${evidence.map(evidenceLink).join(', ')}</dd>`,
    '</dl>',
    changes(versions),
  ].join('\n');
}

/** What each version declares otherwise than the one before it. */
function changes(versions: readonly ShownVersion[]): string {
  const items = versions.slice(0, -1).map((now, index) => {
    const before = versions[index + 1];
    return `<li>${escapeHtml(before?.version ?? '')} → ${escapeHtml(now.version)}: ${declared(before?.declaration, now.declaration)}</li>`;
  });
  return items.length === 0 ? '' : `<h3>Changes of what it declares</h3><ul>${items.join('')}</ul>`;
}

function declared(before: JailDeclaration | undefined, after: JailDeclaration | undefined): string {
  if (before === undefined || after === undefined)
    return before === after ? 'none' : 'jail or ordinary package';
  const items = compareDeclarations(before, after).map(({ kind, field, old, new: now }) => {
    const text = [old, now].filter((value) => value !== undefined).join(' → ');
    return `<span class="${kind}">${kind} ${escapeHtml(field)} ${escapeHtml(text)}</span>`;
  });
  return items.length === 0 ? 'none' : items.join(', ');
}

function evidenceLink(path: string): string {
  return `<a href="../${poolLink(path)}">${escapeHtml(path.slice(path.lastIndexOf('/') + 1))}</a>`;
}

function poolLink(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function keys(ids: readonly string[]): string {
  return ids.length === 0 ? 'no one' : ids.map((id) => `<code>${escapeHtml(id)}</code>`).join(', ');
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
}

function countOf(versions: readonly ShownVersion[]): string {
  const names = new Set(versions.map(({ name }) => name)).size;
  return `${names} ${names === 1 ? 'package' : 'packages'}, ${versions.length} ${versions.length === 1 ? 'version' : 'versions'}`;
}

function time(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

function page(title: string, body: readonly string[]): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${style}</style></head><body>
<h1>${escapeHtml(title)}</h1>
${body.filter((part) => part !== '').join('\n')}
</body></html>
`;
}
