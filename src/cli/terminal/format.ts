import { Option } from 'commander';

/** The forms that most commands have; `name` is for other programs: one name per line. */
export type OutputForm = 'text' | 'json' | 'name';

export type TextOrJson = 'text' | 'json';

/** `--format FORM`: the same option on every command. `-o` names a file or folder, everywhere. */
export function formatOption(forms: readonly string[] = ['text', 'json', 'name'], standard = 'text'): Option {
  return new Option('--format <form>', 'output format').choices(forms).default(standard);
}

/** `--json`: short for `--format json`, on every command that has `--format`. */
export function jsonOption(): Option {
  return new Option('--json', 'short for --format json').implies({ format: 'json' });
}

/** Whether errors are to be reported as JSON: what commander would find, before it has parsed anything. */
export function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      word === '--json' || word === '--format=json' || (word === '--format' && argv[index + 1] === 'json'),
  );
}
