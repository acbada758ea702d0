import { ProdngError } from '../error/prodng-error.ts';

/** A value of Apache Thrift, as its binary protocol has it. Strings and binary are the same there. */
export type ThriftValue =
  | { type: 'bool'; value: boolean }
  | { type: 'byte' | 'i16' | 'i32'; value: number }
  | { type: 'double'; value: number }
  | { type: 'i64'; value: bigint }
  | { type: 'string'; value: string }
  | { type: 'struct'; value: ReadonlyMap<number, ThriftValue> }
  | { type: 'map'; value: readonly (readonly [ThriftValue, ThriftValue])[] }
  | { type: 'list' | 'set'; value: readonly ThriftValue[] };

export type ThriftType = ThriftValue['type'];

/** thrift-binary-protocol.md, "Struct encoding" */
const numbers: Readonly<Record<ThriftType, number>> = {
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
};
const types = new Map(Object.entries(numbers).map(([name, number]) => [number, name as ThriftType]));

/** A message: type 1 call, 2 reply, 3 exception, 4 oneway. */
export interface ThriftMessage {
  name: string;
  type: 1 | 2 | 3 | 4;
  sequence: number;
  body: ReadonlyMap<number, ThriftValue>;
}

/** What a peer may make us keep of one message, and how deep it may nest. */
const [mostBytes, mostDepth] = [16 * 2 ** 20, 16];
const version = 0x8001;

/** More bytes are needed, so many in all. */
class NeedMore {
  readonly total: number;

  constructor(total: number) {
    this.total = total;
  }
}

/** Finds messages in a stream of bytes that is cut anywhere: thrift-binary-protocol.md, strict, unframed. */
export class ThriftReader {
  #bytes = Buffer.alloc(0);
  #needed = 1;

  /**
   * Takes more bytes.
   *
   * @returns the messages that are whole now
   * @throws ProdngError AGENT when what came is no message, or longer than 16 MiB
   */
  push(chunk: Uint8Array): ThriftMessage[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const messages: ThriftMessage[] = [];
    while (this.#bytes.length >= this.#needed) {
      const cursor = new Cursor(this.#bytes);
      try {
        messages.push(readMessage(cursor));
        this.#bytes = this.#bytes.subarray(cursor.at);
        this.#needed = 1;
      } catch (error) {
        if (!(error instanceof NeedMore)) throw error;
        if (error.total > mostBytes) throw malformed(`a message of more than ${mostBytes} bytes`);
        this.#needed = error.total;
      }
    }
    return messages;
  }
}

class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Where the next `length` bytes begin. */
  take(length: number): number {
    const from = this.at;
    if (from + length > this.bytes.length) throw new NeedMore(from + length);
    this.at = from + length;
    return from;
  }

  byte(): number {
    return this.bytes.readInt8(this.take(1));
  }

  i16(): number {
    return this.bytes.readInt16BE(this.take(2));
  }

  i32(): number {
    return this.bytes.readInt32BE(this.take(4));
  }

  string(): string {
    const length = this.i32();
    if (length < 0 || length > mostBytes) throw malformed(`a string of ${length} bytes`);
    const from = this.take(length);
    return this.bytes.toString('utf8', from, from + length);
  }

  /** The number of elements of at least `least` bytes each. */
  count(least: number): number {
    const count = this.i32();
    if (count < 0 || count * least > mostBytes) throw malformed(`a container of ${count} elements`);
    if (this.at + count * least > this.bytes.length) throw new NeedMore(this.at + count * least);
    return count;
  }
}

function readMessage(cursor: Cursor): ThriftMessage {
  const word = cursor.i32();
  if (word >>> 16 !== version) throw malformed('not a message of the strict binary protocol');
  const type = word & 0xff;
  if (type !== 1 && type !== 2 && type !== 3 && type !== 4) throw malformed(`a message of type ${type}`);
  const name = cursor.string();
  const sequence = cursor.i32();
  return { name, type, sequence, body: readStruct(cursor, 0) };
}

function readStruct(cursor: Cursor, depth: number): ReadonlyMap<number, ThriftValue> {
  const fields = new Map<number, ThriftValue>();
  for (;;) {
    const type = cursor.byte();
    if (type === 0) return fields;
    const id = cursor.i16();
    fields.set(id, readValue(cursor, typeOf(type), depth + 1));
  }
}

function typeOf(number: number): ThriftType {
  const type = types.get(number);
  if (type === undefined) throw malformed(`a value of type ${number}`);
  return type;
}

function readValue(cursor: Cursor, type: ThriftType, depth: number): ThriftValue {
  if (depth > mostDepth) throw malformed(`values nested more than ${mostDepth} deep`);
  switch (type) {
    case 'bool':
      return { type, value: cursor.byte() !== 0 };
    case 'byte':
      return { type, value: cursor.byte() };
    case 'i16':
      return { type, value: cursor.i16() };
    case 'i32':
      return { type, value: cursor.i32() };
    case 'i64':
      return { type, value: cursor.bytes.readBigInt64BE(cursor.take(8)) };
    case 'double':
      return { type, value: cursor.bytes.readDoubleBE(cursor.take(8)) };
    case 'string':
      return { type, value: cursor.string() };
    case 'struct':
      return { type, value: readStruct(cursor, depth) };
    case 'map': {
      const [key, value] = [cursor.byte(), cursor.byte()];
      const count = cursor.count(2);
      const pairs: [ThriftValue, ThriftValue][] = [];
      for (let index = 0; index < count; index++)
        pairs.push([readValue(cursor, typeOf(key), depth + 1), readValue(cursor, typeOf(value), depth + 1)]);
      return { type, value: pairs };
    }
    case 'list':
    case 'set': {
      const element = cursor.byte();
      const count = cursor.count(1);
      const values: ThriftValue[] = [];
      for (let index = 0; index < count; index++) values.push(readValue(cursor, typeOf(element), depth + 1));
      return { type, value: values };
    }
  }
}

/** Writes a message. Elements of one container have one type: that of the first; an empty one counts as of strings. */
export function writeMessage({ name, type, sequence, body }: ThriftMessage): Buffer {
  return Buffer.concat([
    word((version << 16) | type | 0),
    ...stringBytes(name),
    word(sequence),
    ...structBytes(body),
  ]);
}

function structBytes(fields: ReadonlyMap<number, ThriftValue>): Buffer[] {
  const pieces = [...fields].flatMap(([id, value]) => {
    const head = Buffer.alloc(3);
    head.writeInt8(numbers[value.type], 0);
    head.writeInt16BE(id, 1);
    return [head, ...valueBytes(value)];
  });
  return [...pieces, Buffer.alloc(1)];
}

function valueBytes(item: ThriftValue): Buffer[] {
  switch (item.type) {
    case 'bool':
      return [Buffer.from([item.value ? 1 : 0])];
    case 'byte':
      return [Buffer.from([item.value & 0xff])];
    case 'i16': {
      const bytes = Buffer.alloc(2);
      bytes.writeInt16BE(item.value);
      return [bytes];
    }
    case 'i32':
      return [word(item.value)];
    case 'i64': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(item.value);
      return [bytes];
    }
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(item.value);
      return [bytes];
    }
    case 'string':
      return stringBytes(item.value);
    case 'struct':
      return structBytes(item.value);
    case 'map': {
      const [key, value] = (item.value[0] ?? []).map(({ type }) => numbers[type]);
      const head = Buffer.from([key ?? numbers.string, value ?? numbers.string]);
      return [head, word(item.value.length), ...item.value.flatMap((pair) => pair.flatMap(valueBytes))];
    }
    case 'list':
    case 'set': {
      const element = item.value[0]?.type;
      const type = element === undefined ? numbers.string : numbers[element];
      return [Buffer.from([type]), word(item.value.length), ...item.value.flatMap(valueBytes)];
    }
  }
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function stringBytes(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return [word(bytes.length), bytes];
}

function malformed(why: string): ProdngError {
  return new ProdngError('AGENT', `osquery: what the peer sent cannot be read: ${why}`);
}
