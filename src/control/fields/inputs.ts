import { countBound } from '../bound.ts';
import { compareSetting } from '../compare-values.ts';
import { isNone, lineWords, type Report, type Word } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';

const allowed =
  'allowed: URL sha256:HEX [PATH], with an http: or https: URL, 64 lower-case hex digits and a relative path';

/** One line of `Jail-Inputs`: a file that a build gets. `path` is relative to `/build/inputs`. */
export interface JailInput {
  url: string;
  sha256: string;
  path: string;
}

/** `Jail-Inputs` */
export const inputsField: JailField<JailInput[]> = {
  name: 'Inputs',
  required: false,
  default: 'none',
  syntax: 'none | one file a line: URL sha256:HEX [PATH]',
  doc: `Files that the build needs and no Debian package has, pinned by their SHA-256. prodng fetches and checks them; the build,
which has no network, finds them in \`../inputs\` seen from its source (\`/build/inputs\`), read-only, under PATH or else the
last part of the URL.`,
  example:
    'https://example.org/words.txt sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 data/words.txt',
  bounds: [countBound('files', 1024)],
  fallback: [],
  parse(field, report) {
    const lines = lineWords(field);
    if (isNone(lines.flat())) return [];
    const inputs = lines.map((words) => readInput(words, report));
    const valid = inputs.filter((input) => input !== undefined);
    return valid.length === inputs.length && areApart(valid, lines, report) ? valid : undefined;
  },
  format: formatInputs,
  json: (z) =>
    z.array(
      z.strictObject({ url: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/), path: z.string() }),
    ),
  // files of the build: the running jail sees only what the build made of them
  compare: (before, after) => compareSetting(formatInputs(before), formatInputs(after)),
  exposure: () => [],
  readBack: [],
  summary: () => undefined,
};

function readInput([first, digest, path, ...rest]: readonly Word[], report: Report): JailInput | undefined {
  if (first === undefined) return undefined;
  const wrong = (word: Word, what: string): undefined => {
    report('jail-field-invalid', `${JSON.stringify(word.text)} ${what}; ${allowed}`, word);
  };
  const url = URL.canParse(first.text) ? new URL(first.text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hash !== '')
    return wrong(first, 'is no URL of a file');
  if (url.username !== '' || url.password !== '')
    return wrong(first, 'holds a name or password, which everybody could read in the .deb');
  if (digest === undefined) return wrong(first, 'has no digest');
  const sha256 = /^sha256:([0-9a-f]{64})$/.exec(digest.text)?.[1];
  if (sha256 === undefined) return wrong(digest, 'is no digest');
  const [extra] = rest;
  if (extra !== undefined) return wrong(extra, 'is more than a line has');
  const own = path?.text ?? url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  if (isRelativePath(own)) return { url: first.text, sha256, path: own };
  return wrong(
    path ?? first,
    path === undefined ? 'ends in no plain name: say a PATH' : 'is no plain relative path',
  );
}

/** Names as every tool takes them; none begins with a dash or is a folder's own name. */
function isRelativePath(path: string): boolean {
  return path.length <= 200 && path.split('/').every((part) => /^[\w+@~][\w+@~.,=-]*$/.test(part));
}

function areApart(
  inputs: readonly JailInput[],
  lines: readonly (readonly Word[])[],
  report: Report,
): boolean {
  let valid = true;
  for (const [index, { path }] of inputs.entries()) {
    const clash = inputs
      .slice(0, index)
      .find(
        (other) =>
          path === other.path || path.startsWith(`${other.path}/`) || other.path.startsWith(`${path}/`),
      );
    if (clash === undefined) continue;
    valid = false;
    report(
      'jail-field-invalid',
      `"${path}" is where "${clash.path}" is already; each input has its own PATH`,
      lines[index]?.[0],
    );
  }
  return valid;
}

function formatInputs(inputs: readonly JailInput[]): string {
  if (inputs.length === 0) return 'none';
  return inputs.map(({ url, sha256, path }) => `${url} sha256:${sha256} ${path}`).join('\n');
}
