/** The fields of the first line of passwd(5) for a user: the line that getpwnam(3) finds. */
export function passwdLine(text: string, user: string): string[] | undefined {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user);
}

/**
 * Whether a user is root by another name. Consent, lint and exposure know root by its name, so that uid 0 may have no
 * other one.
 */
export function isRootByAnotherName(passwd: string, user: string): boolean {
  const uid = passwdLine(passwd, user)?.[2] ?? '';
  return user !== 'root' && /^\d+$/.test(uid) && Number(uid) === 0;
}
