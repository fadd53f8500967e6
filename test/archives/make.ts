/** Archives for tests, also such that no program would make. */
import { gzipSync, deflateRawSync, crc32 } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

export interface TarEntry extends Partial<Header> { name: string; content?: string | Buffer }

export async function tar(...entries: readonly TarEntry[]): Promise<Buffer> {
  const packed = pack();
  for (const { content = '', ...header } of entries) {
    if (header.type === undefined || header.type === 'file') packed.entry(header, content);
    else packed.entry(header).end(null);
  }
  packed.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packed) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export const gz = (bytes: Buffer): Buffer => gzipSync(bytes);

const blockSize = 512;
/** One header as it is, whatever it says; with its checksum put right. */
export interface RawBlock { name: string; type?: string; mode?: string; size?: number; content?: Buffer; prefix?: string; magic?: string }

export function rawTar(...blocks: readonly RawBlock[]): Buffer {
  const parts = blocks.flatMap(({ name, type = '0', mode = '0000644', size, content = Buffer.alloc(0), prefix = '', magic = 'ustar\x0000' }) => {
    const header = Buffer.alloc(blockSize);
    header.write(name, 0, 100, 'latin1');
    header.write(`${mode}\0`, 100);
    header.write('0000000\x000000000\0', 108);
    header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write(type, 156);
    header.write('target', 157);
    header.write(magic, 257, 'latin1');
    header.write(prefix, 345);
    header.fill(' ', 148, 156);
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockSize)]);
}

const littleEndian = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
};

const zstdBlockMax = 128 * 1024;
/** A frame of blocks that are not compressed; `window`: the descriptor's byte. */
export function zstd(bytes: Buffer, { window = 0x50 } = {}): Buffer {
  const starts = Array.from({ length: Math.max(1, Math.ceil(bytes.length / zstdBlockMax)) }, (_, index) => index * zstdBlockMax);
  const blocks = starts.flatMap((start, index) => {
    const block = bytes.subarray(start, start + zstdBlockMax);
    return [littleEndian((block.length << 3) | (index === starts.length - 1 ? 1 : 0), 3), block];
  });
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, window]), ...blocks]);
}

/** A frame of `blocks` times 128 KiB of one byte, at four bytes each. */
export const zstdBomb = (blocks: number): Buffer =>
  Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x50]), ...Array.from({ length: blocks }, (_, index) => Buffer.concat([littleEndian((zstdBlockMax << 3) | 2 | (index === blocks - 1 ? 1 : 0), 3), Buffer.from([0])]))]);

export interface ZipEntry { name: string | Buffer; content?: string | Buffer; /** Unix mode with its kind; default: a regular file. */ mode?: number; /** What it says its size is. */ size?: number; flags?: number; stored?: boolean }

const regularFile = 0o100644;
const unixMadeBy = 0x031e;
const utf8Flag = 0x0800;

export function zip(...entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content = '', mode = regularFile, size, flags = utf8Flag, stored = false } of entries) {
    const bytes = Buffer.from(content);
    const packed = stored ? bytes : deflateRawSync(bytes);
    const nameBytes = Buffer.from(name);
    const common = Buffer.concat([littleEndian(20, 2), littleEndian(flags, 2), littleEndian(stored ? 0 : 8, 2), littleEndian(0, 2), littleEndian(0x21, 2), littleEndian(crc32(bytes), 4), littleEndian(packed.length, 4), littleEndian(size ?? bytes.length, 4), littleEndian(nameBytes.length, 2), littleEndian(0, 2)]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, packed]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), littleEndian(unixMadeBy, 2), common, littleEndian(0, 2), littleEndian(0, 2), littleEndian(0, 2), littleEndian(mode * 0x10000, 6).subarray(0, 4), littleEndian(at, 4), nameBytes]));
    locals.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), littleEndian(0, 4), littleEndian(entries.length, 2), littleEndian(entries.length, 2), littleEndian(central.length, 4), littleEndian(at, 4), littleEndian(0, 2)]);
  return Buffer.concat([...locals, central, end]);
}
