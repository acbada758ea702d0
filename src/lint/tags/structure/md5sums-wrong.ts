import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'md5sums-wrong',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'md5sums does not say what is in the .deb',
  explanation:
    'A file that is not listed or has another sum was changed after the package was made, or the ' +
    'package was made by hand.',
  fix: 'Build it again with `prodng build`.',
  references: ['deb-md5sums(5)'],
  triggers: {
    deb: {
      controlFiles: { md5sums: 'd41d8cd98f00b204e9800998ecf8427e  usr/lib/prodng/jails/hello/jail.lock\n' },
    },
  },
  clean: {},
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  const text = deb.controlFiles.get('md5sums')?.toString();
  if (text === undefined) return;
  const listed = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    const match = /^([0-9a-f]{32}) [ *](.+)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined)
      listed.set(match[2].replace(/^\.\//, ''), match[1]);
    else if (line !== '')
      yield {
        message: `"${line.slice(0, 60)}" is no sum and path`,
        context: line,
        file: 'md5sums',
        line: index + 1,
      };
  }
  for (const [path, sum] of deb.md5) {
    const said = listed.get(path);
    listed.delete(path);
    if (said === sum) continue;
    const message = said === undefined ? `${path} is not listed` : `${path} has another sum: ${sum}`;
    yield { message, context: path, file: 'md5sums' };
  }
  for (const path of listed.keys())
    yield { message: `${path} is listed and not there`, context: path, file: 'md5sums' };
}
