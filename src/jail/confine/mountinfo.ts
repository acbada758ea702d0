/** A line of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
export interface MountInfo {
  /** Where it is, as the process sees it. */
  path: string;
  /** `ro` or `rw`, `nosuid`, ... of this mount. */
  options: string[];
  type: string;
  source: string;
  /** Of the file system: `size=16384k`, ... */
  superOptions: string[];
}

/** Parses mountinfo. Lines that are none are left out. */
export function parseMountinfo(text: string): MountInfo[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ', 2);
    const [, , , , path, options] = before?.split(' ') ?? [];
    const [type, source, superOptions] = after?.split(' ') ?? [];
    if (path === undefined || options === undefined || type === undefined) return [];
    return [
      {
        path: unescapePath(path),
        options: options.split(','),
        type,
        source: unescapePath(source ?? ''),
        superOptions: (superOptions ?? '').split(','),
      },
    ];
  });
}

/** The kernel writes blanks, tabs, newlines and backslashes as octal escapes. */
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The size of a tmpfs in bytes; undefined when none is set. */
export function tmpfsSize({ superOptions }: MountInfo): number | undefined {
  const [, digits, unit] = superOptions.map((option) => /^size=(\d+)(k?)$/.exec(option)).find(Boolean) ?? [];
  return digits === undefined ? undefined : Number(digits) * (unit === 'k' ? 1024 : 1);
}
