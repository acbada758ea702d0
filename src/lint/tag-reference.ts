import { families } from './severity.ts';
import type { Tag } from './tag.ts';
import { tags } from './tags.ts';

/** The path of the reference of all tags. */
export const docsPath = 'docs/lint-tags.md';

/** docs/lint-tags.md: every tag, made from the tags themselves. */
export function tagReference(): string {
  const sections = families.map((family) => {
    const own = tags.filter((tag) => tag.family === family);
    return `## ${family}\n\n${own.map(tagSection).join('\n')}`;
  });
  return `${introduction}\n${overview()}\n${sections.join('\n')}`;
}

const introduction = `# Tags of prodng lint

<!-- Made by \`npm run docs\` from src/lint/tags/. Do not edit. -->

\`prodng lint PATH...\` checks jail sources before they are built, and built .debs. Each finding has a tag from this
list. Errors reject a jail, warnings ask for a review; the others inform. A *likely* or *possible* finding rests on what
programs usually do.

A finding that is right and accepted is overridden in \`debian/jail.lint-overrides\`, with the reason:

\`\`\`
Tag: compiler-in-rootfs
Context: /usr/bin/tcc
Reason: the service compiles the rules that it is given
Expires: 2027-01-01
\`\`\`

\`Context\` is what \`prodng lint --format json\` calls so; \`*\` in it matches anything, and left out it covers every
finding of the tag. \`Expires\` may be left out.
`;

function overview(): string {
  const rows = tags.map((tag) => `| [\`${tag.id}\`](#${tag.id}) | ${tag.severity} | ${tag.summary} |`);
  return `${tags.length} tags.\n\n| tag | severity | what |\n|---|---|---|\n${rows.join('\n')}\n`;
}

function tagSection(tag: Tag): string {
  const references = tag.references.length === 0 ? '' : `\nSee ${tag.references.join(', ')}.\n`;
  return `### ${tag.id}

*${tag.severity}, ${tag.certainty}.* ${capital(tag.summary)}.

${tag.explanation}

**Fix:** ${tag.fix}
${references}`;
}

/** One tag for the terminal. */
export function explainTag(tag: Tag): string {
  const lines = [
    `${tag.id} (${tag.severity}, ${tag.certainty}; ${tag.family})`,
    '',
    `${capital(tag.summary)}.`,
    '',
    ...wrap(tag.explanation),
    '',
    ...wrap(`Fix: ${tag.fix}`),
    ...(tag.references.length === 0 ? [] : ['', `See ${tag.references.join(', ')}.`]),
    ...exampleLines('Triggers', tag),
    ...exampleLines('Does not', tag),
  ];
  return `${lines.join('\n')}\n`;
}

function exampleLines(heading: 'Triggers' | 'Does not', tag: Tag): string[] {
  const { control } = heading === 'Triggers' ? tag.triggers : tag.clean;
  if (control === undefined) return [];
  const lines = control.split('\n').map((line) => `    ${line.replace(/^Jail-/, 'XB-Jail-')}`);
  return ['', `${heading}:`, ...lines];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= 80) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
