/**
 * All of the data in one piece. openpgp.js keeps what it signs and verifies in memory in any case: given a stream it
 * copies it piece by piece, which takes twice the memory and blocks if the copy is not read.
 */
export async function collect(data: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(chunk);
  return Buffer.concat(chunks);
}
