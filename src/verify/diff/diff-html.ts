import { escapeHtml as escapeText } from '../../system/escape-html.ts';
import { arrow, attributesText, countFiles, factsText, shown, sideText } from './diff-text.ts';
import type { FileChange } from './file-change.ts';
import { isDifferent, type TreeDiff } from './tree-diff.ts';

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#1b1b1b}
h1{font-size:1.3em}h2{font-size:1.1em;margin-top:2em;border-bottom:1px solid #ccc}
ul{list-style:none;padding:0}li{padding:.1em .4em}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:#f6f6f6;padding:.6em;overflow-x:auto;margin:.3em 0}.gained{background:#ffe3e3;color:#900;font-weight:600}
.lost{background:#e4f6e4;color:#060}.added,ins{color:#060;text-decoration:none}.removed,del{color:#900;text-decoration:none}
.note{background:#fff3cd}summary{cursor:pointer}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}pre{background:#242424}.gained{background:#511;color:#faa}
.lost{background:#142;color:#9d9}.added,ins{color:#9d9}.removed,del{color:#f99}.note{background:#541}}`;

/** Writes a comparison as one page that needs no other file and runs no script. */
export function diffHtml(diff: TreeDiff): string {
  const title = `${diff.new.package ?? diff.new.path}: ${diff.old.version ?? diff.old.path} → ${diff.new.version ?? diff.new.path}`;
  const body = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>old: <code>${escapeHtml(sideText(diff.old))}</code><br>new: <code>${escapeHtml(sideText(diff.new))}</code></p>`,
    ...(isDifferent(diff) ? [] : ['<p>No difference but time stamps.</p>']),
    ...list(
      undefined,
      diff.notes.map((note) => item('note', escapeHtml(note))),
    ),
    ...list(
      'Declarations',
      diff.declarations.map(({ kind, field, old, new: now }) =>
        item(kind, `${kind}: <b>${escapeHtml(field)}</b> <code>${escapeHtml(arrow(old, now))}</code>`),
      ),
    ),
    ...list(
      'Packages',
      diff.packages.map(({ kind, name, architecture, old, new: now, changelog }) =>
        item(
          kind,
          `${kind} <b>${escapeHtml(`${name}:${architecture}`)}</b> ${escapeHtml(arrow(old?.version, now?.version))}${folded('changelog', changelog)}`,
        ),
      ),
    ),
    ...list(
      'Control',
      diff.control.map(({ field, old, new: now }) =>
        item('changed', `<b>${escapeHtml(field)}</b> <code>${escapeHtml(arrow(old, now))}</code>`),
      ),
    ),
    ...list(`Files: ${countFiles(diff.files)}`, diff.files.map(fileItem)),
  ];
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${style}</style></head><body>
${body.join('\n')}
</body></html>
`;
}

function list(title: string | undefined, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  return [...(title === undefined ? [] : [`<h2>${escapeHtml(title)}</h2>`]), '<ul>', ...items, '</ul>'];
}

function item(kind: string, html: string): string {
  return `<li class="${kind}">${html}</li>`;
}

function fileItem(file: FileChange): string {
  const { path, kind, old, new: now, detail } = file;
  const facts = kind === 'added' ? now : kind === 'removed' ? old : undefined;
  const text = facts === undefined ? attributesText(file) : ` ${factsText(facts)}`;
  const sign = { added: '+', removed: '-', changed: '~' }[kind];
  const lines = [
    ...(detail?.kind === 'too-large' ? ['the contents that differ are too many to be shown'] : []),
    ...(detail?.lines ?? []),
  ];
  const diff = (detail?.diff ?? '').split('\n').map(diffLine).join('\n');
  return item(
    kind,
    `${sign} <code>${escapeHtml(path)}</code>${escapeHtml(text)}${folded('what differs', lines.length === 0 ? undefined : lines.join('\n'))}${
      detail?.diff === undefined
        ? ''
        : `<details open><summary>text${detail.unpackedWith === undefined ? '' : `, decompressed (${detail.unpackedWith})`}${detail.omitted === undefined ? '' : `, ${detail.omitted} more lines`}</summary><pre>${diff}</pre></details>`
    }`,
  );
}

function folded(title: string, text: string | undefined): string {
  if (text === undefined) return '';
  const lines = text.split('\n').map(escapeHtml).join('\n');
  return `<details><summary>${escapeHtml(title)}</summary><pre>${lines}</pre></details>`;
}

function diffLine(line: string): string {
  if (line.startsWith('+')) return `<ins>${escapeHtml(line)}</ins>`;
  return line.startsWith('-') ? `<del>${escapeHtml(line)}</del>` : escapeHtml(line);
}

function escapeHtml(text: string): string {
  return escapeText(shown(text));
}
