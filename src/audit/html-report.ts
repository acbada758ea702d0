import { escapeHtml } from '../system/escape-html.ts';
import type { Audit } from './audit.ts';
import { durationText } from './duration-text.ts';

const style = `
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #ddd}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td{overflow-wrap:anywhere}
tr.never td{color:#777}tr.refused td{background:#fff3e6}
.warning,.error{border-left:4px solid #c60;padding-left:.8rem}.info,.pedantic{border-left:4px solid #999;padding-left:.8rem}
code{font-size:.95em}p.fix{color:#444}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#444}tr.refused td{background:#3a2a14}p.fix{color:#bbb}}
`;

/** One page that needs nothing beside it: no script, no other file. */
export function htmlReport(audits: readonly Audit[]): string {
  const title = `Audit of ${audits.map(({ package: name }) => name).join(', ')}`;
  return (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` +
    `<title>${escapeHtml(title)}</title><style>${style}</style></head><body>\n` +
    `${audits.map(section).join('\n')}\n</body></html>\n`
  );
}

function section(audit: Audit): string {
  const { record } = audit;
  const state = record.whole
    ? 'Complete: from the first instruction on, with nothing lost.'
    : `Incomplete${record.lost > 0 ? ` by ${record.lost}` : ''}: nothing can be said never to have happened.`;
  const rows = audit.matrix.map(
    ({ group, what, declared, used, denied, by, note }) =>
      `<tr class="${denied > 0 ? 'refused' : used === 0 ? 'never' : 'used'}"><td>${escapeHtml(group)}</td>` +
      `<td><code>${escapeHtml(what)}</code></td><td>${declared ? 'yes' : 'no'}</td><td class="n">${used}</td>` +
      `<td class="n">${denied}</td><td>${escapeHtml([note ?? '', by.join(', ')].filter((each) => each !== '').join('; '))}</td></tr>`,
  );
  const findings = audit.findings.map(
    ({ tag, severity, message, explanation, fix }) =>
      `<div class="${severity}"><h3>${escapeHtml(message)}</h3><p><code>${escapeHtml(tag)}</code>, ${severity}. ` +
      `${escapeHtml(explanation)}</p><p class="fix">${escapeHtml(fix)}</p></div>`,
  );
  return (
    `<h1>${escapeHtml(audit.package)} ${escapeHtml(audit.version)}</h1>` +
    `<p>Recorded ${record.runs === 1 ? 'once' : `${record.runs} times`}, ${durationText(record.duration)}, from ` +
    `${escapeHtml(record.began)} by ${record.mechanism} on Linux ${escapeHtml(record.kernel)} with ${escapeHtml(record.runtime)}, ` +
    `mode ${record.mode}. ${state}</p>` +
    (record.blind.length === 0 ? '' : `<p>Not seen: ${escapeHtml(record.blind.join('; '))}.</p>`) +
    '<h2>Declared, used, denied</h2><table><thead><tr><th>Kind</th><th>What</th><th>Declared</th>' +
    '<th class="n">Used</th><th class="n">Denied</th><th>Notes</th></tr></thead><tbody>' +
    `${rows.join('\n')}</tbody></table>` +
    `<h2>Findings</h2>${findings.length === 0 ? '<p>None.</p>' : findings.join('\n')}`
  );
}
