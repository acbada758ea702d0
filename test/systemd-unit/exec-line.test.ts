import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatArgv } from '../../src/control/argv.ts';
import { parseEnvironmentFile } from '../../src/systemd-unit/environment-file.ts';
import { expandVariables, parseExecLine, variablesOf } from '../../src/systemd-unit/exec-line.ts';
import { expandSpecifiers } from '../../src/systemd-unit/specifiers.ts';

const facts = { unit: 'cache@a-b.service', user: 'redis' };

function commands(value: string) {
  const parsed = parseExecLine(value, facts);
  return 'fault' in parsed ? parsed.fault : parsed.commands;
}

function argvOf(value: string, environment: Record<string, string> = {}) {
  const parsed = commands(value);
  const first = typeof parsed === 'string' ? undefined : parsed[0];
  return first === undefined ? parsed : expandVariables(first, new Map(Object.entries(environment)));
}

describe('a command line of a unit', () => {
  it.each([
    ['/bin/x a "b c" \'d e\'', ['/bin/x', 'a', 'b c', 'd e']],
    ['-/bin/x', ['/bin/x']],
    ['!!/bin/x y', ['/bin/x', 'y']],
    ['@/bin/x x-name y', ['/bin/x', 'y']],
    ['/bin/x %i %I %p %n %t %%', ['/bin/x', 'a-b', 'a/b', 'cache', 'cache@a-b.service', '/run', '%']],
    ['/bin/x a\\x20b \\s', ['/bin/x', 'a b', ' ']],
    ['/bin/x \\;', ['/bin/x', ';']],
  ])('%s is %j', (value, argv) => {
    expect(argvOf(value)).toEqual(argv);
  });

  it('is several commands between semicolons of their own', () => {
    expect(commands('/bin/a ; -/bin/b c ";"')).toMatchObject([
      { prefixes: '', argv: ['/bin/a'] },
      { prefixes: '-', argv: ['/bin/b', 'c', ';'] },
    ]);
  });

  it.each(['', ' ; ', '"/bin/x', '/bin/x \\', '/bin/x %H', '/bin/x %'])('%j cannot be read', (value) => {
    expect(commands(value)).toEqual(expect.any(String));
  });

  it.each([
    ['/bin/x $OPTS', { OPTS: '-a  "b c"' }, ['/bin/x', '-a', 'b c']],
    ['/bin/x ${OPTS}', { OPTS: '-a b' }, ['/bin/x', '-a b']],
    ['/bin/x --p=${A}${B}', { A: '1', B: '2' }, ['/bin/x', '--p=12']],
    ['/bin/x $NONE ${NONE} $$A', {}, ['/bin/x', '', '$A']],
    [':/bin/x $A ${A}', { A: '1' }, ['/bin/x', '$A', '${A}']],
    ['$A b', { A: '/bin/x' }, ['$A', 'b']],
  ])('%s with %j is %j', (value, environment: Record<string, string>, argv) => {
    expect(argvOf(value, environment)).toEqual(argv);
  });

  it('names the variables that it takes up', () => {
    const parsed = parseExecLine('/bin/x $A --b=${B} $$C $d-', facts);
    expect('commands' in parsed && parsed.commands.flatMap(variablesOf)).toEqual(['A', 'B']);
  });

  it('reads back what Jail-Command would be written as', () => {
    const word = fc
      .string({ minLength: 1, maxLength: 12, unit: 'binary' })
      .filter((text) => !/[\0$%\ufffd]/u.test(text));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        const argv = ['/bin/x', ...words];
        const written = formatArgv(argv).replace(/(?<= );(?= |$)/g, '\\;');
        expect(argvOf(written)).toEqual(argv);
      }),
    );
  });

  it('never fails', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80, unit: 'binary' }), (value) => {
        expect(['string', 'object']).toContain(typeof commands(value));
      }),
    );
  });
});

describe('a specifier', () => {
  it('that names the host has no value', () => {
    expect(expandSpecifiers('a%Hb', facts)).toEqual({ unknown: '%H' });
    expect(expandSpecifiers('%S/x', facts)).toEqual({ text: '/var/lib/x' });
  });
});

describe('an environment file', () => {
  const read = (text: string) => Object.fromEntries(parseEnvironmentFile(Buffer.from(text)));

  it('is assignments with quotes, comments and continued lines', () => {
    const text = '# c\nA=1\n; d\nB="x y" \nC=\'$A\'\nD=a\\\nb\n E = f g \nnot this\nF=\nG="a\nb"\n';
    expect(read(text)).toEqual({ A: '1', B: 'x y', C: '$A', D: 'ab', E: 'f g', F: '', G: 'a\nb' });
  });

  it('agrees with sh about quoted values', () => {
    const value = fc.stringMatching(/^[\w $`"\\-]{0,20}$/);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const quoted = values
          .map((text, index) => `V${index}="${text.replace(/["\\$`]/g, '\\$&')}"`)
          .join('\n');
        const script = `${quoted}\nprintf '%s\\n' ${values.map((_, index) => `"$V${index}"`).join(' ')}`;
        const said = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\n').slice(0, -1);
        expect(Object.values(read(quoted))).toEqual(said);
      }),
      { numRuns: 30 },
    );
  });

  it('takes any bytes without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const name of parseEnvironmentFile(bytes).keys()) expect(name).toMatch(/^[A-Za-z_]\w*$/);
      }),
    );
  });
});
