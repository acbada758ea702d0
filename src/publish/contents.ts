/** A line of a Contents index: a path, bytes as Latin-1, and who has it as `section/name`. */
interface ContentsLine {
  path: string;
  owners: string[];
}

/**
 * Brings a Contents index up to date. Both inputs ascend by path, and so does the output.
 *
 * @param old the lines of the index so far
 * @param added the lines of packages that are new
 * @param changed names of packages whose old lines are not taken over
 */
export async function* mergeContents(
  old: AsyncIterable<string>,
  added: AsyncIterable<string>,
  changed: ReadonlySet<string>,
): AsyncGenerator<string> {
  const [left, right] = [parsed(old, changed), parsed(added, new Set())];
  let [a, b] = await Promise.all([next(left), next(right)]);
  while (a !== undefined || b !== undefined) {
    if (b === undefined || (a !== undefined && a.path < b.path)) {
      if (a !== undefined) yield format(a);
      a = await next(left);
    } else if (a === undefined || b.path < a.path) {
      yield format(b);
      b = await next(right);
    } else {
      yield format({ path: a.path, owners: [...new Set([...a.owners, ...b.owners])].sort() });
      [a, b] = await Promise.all([next(left), next(right)]);
    }
  }
}

async function next(lines: AsyncGenerator<ContentsLine>): Promise<ContentsLine | undefined> {
  const result = await lines.next();
  return result.done === true ? undefined : result.value;
}

async function* parsed(
  lines: AsyncIterable<string>,
  without: ReadonlySet<string>,
): AsyncGenerator<ContentsLine> {
  for await (const line of lines) {
    const { path, owners } = /^(?<path>.*\S)\s+(?<owners>\S+)$/s.exec(line)?.groups ?? {};
    if (path === undefined || owners === undefined) continue;
    const kept = owners.split(',').filter((owner) => !without.has(owner.slice(owner.lastIndexOf('/') + 1)));
    if (kept.length > 0) yield { path, owners: kept };
  }
}

function format({ path, owners }: ContentsLine): string {
  return `${path.padEnd(59)} ${owners.join(',')}\n`;
}
