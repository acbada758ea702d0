// Entries of a profile for the examples of tags.

export function used(capability: string): object {
  return { capability, program: 1, granted: 1, denied: 0, hard: 0, host: 0, hostHard: 0 };
}

export function entered(call: string): object {
  return { call, program: 1, entered: 1, refused: 0, denied: 0, missing: 0 };
}

export function file(kind: string, path: string): object {
  return { path, kind, program: 1, count: 1 };
}

export function to(address: string, port: number): object {
  return { way: 'connected', protocol: 'tcp', address, port, program: 1, count: 1 };
}
