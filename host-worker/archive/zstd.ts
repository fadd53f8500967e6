/**
 * Zstandard for a Node that has none of its own. The decoder takes its memory by what a frame's header asks for, so that
 * all headers are looked at first.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Decompress } from 'fzstd';
import type { Reading } from './reading.js';

const windowBytesMax = 32 * 1024 ** 2;
const blocksMax = 100_000;
const framesMax = 1_000;
/** A block is at most 128 KiB unpacked and may be four bytes packed: what comes out of a piece at once is a few MiB. */
const pieceBytes = 128;
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const headerBytesMax = 18;

/** A part of a pipeline. */
export async function* unzstd(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => void ready.push(chunk));
  const push = (piece: Uint8Array, last: boolean): Uint8Array[] => {
    ready = [];
    decoder.push(piece, last);
    return ready;
  };
  for await (const chunk of packed) {
    for (let at = 0; at < chunk.length; at += pieceBytes) yield* push(chunk.subarray(at, at + pieceBytes), false);
  }
  yield* push(new Uint8Array(0), true);
}

/** Walks from block to block without unpacking any. */
export async function refuseLargeWindows(archive: string, refuse: Reading['refuse']): Promise<void> {
  const file = await open(archive, 'r');
  try {
    const { size } = await file.stat();
    const window = new Window(file);
    let blocks = 0;
    let frames = 0;
    for (let at = 0; at < size;) {
      frames += 1;
      const header = await window.at(at, headerBytesMax);
      const skipped = skippableLength(header);
      const frame = skipped === null ? frameOf(header) : null;
      if (skipped === null && frame === null) throw new Error('a frame has no header');
      refuse(frame !== null && frame.windowBytes > windowBytesMax ? `it needs more than ${String(windowBytesMax / 1024 ** 2)} MiB of memory; pack it without --long and --ultra` : null);
      const end = frame === null ? { at: at + (skipped ?? 0), blocks: 0 } : await endOf(window, at + frame.headerBytes, blocksMax - blocks);
      blocks += end.blocks;
      refuse(end.blocks > blocksMax || blocks > blocksMax || frames > framesMax ? 'it is made of too many blocks' : null);
      at = end.at + (frame?.checksumBytes ?? 0);
    }
  } finally {
    await file.close();
  }
}

const windowRead = 64 * 1024;

/** Small blocks lie close together: they are read many at a time. */
class Window {
  private bytes = Buffer.alloc(0);
  private start = 0;

  constructor(private readonly file: FileHandle) {}

  /** Fewer bytes at the end of the file. */
  async at(at: number, count: number): Promise<Buffer> {
    if (at < this.start || at + count > this.start + this.bytes.length) {
      const { buffer, bytesRead } = await this.file.read(Buffer.alloc(windowRead), 0, windowRead, at);
      this.bytes = buffer.subarray(0, bytesRead);
      this.start = at;
    }
    return this.bytes.subarray(at - this.start, at - this.start + count);
  }
}

const skippableLength = (header: Buffer): number | null =>
  (header.length >= 8 && (header.readUInt32LE(0) & 0xfffffff0) === skippableMagic ? 8 + header.readUInt32LE(4) : null);

interface Frame { windowBytes: number; headerBytes: number; checksumBytes: number }

/** RFC 8878, 3.1.1.1. */
export function frameOf(header: Buffer): Frame | null {
  if (header.length < 6 || header.readUInt32LE(0) !== frameMagic) return null;
  const flags = header[4] ?? 0;
  const single = (flags & 0x20) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
  const sizeAt = 4 + 1 + (single ? 0 : 1) + ([0, 1, 2, 4][flags & 3] ?? 0);
  if (header.length < sizeAt + sizeBytes) return null;
  const base = 2 ** (10 + ((header[5] ?? 0) >> 3));
  const windowBytes = single ? sizeIn(header, sizeAt, sizeBytes) : base + (base / 8) * ((header[5] ?? 0) & 7);
  return { windowBytes, headerBytes: sizeAt + sizeBytes, checksumBytes: (flags & 4) === 0 ? 0 : 4 };
}

function sizeIn(header: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(header.readBigUInt64LE(at));
  return header.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

async function endOf(window: Window, from: number, blocksLeft: number): Promise<{ at: number; blocks: number }> {
  let at = from;
  for (let blocks = 1; ; blocks += 1) {
    const header = await window.at(at, 3);
    if (header.length < 3) throw new Error('a block has no header');
    const written = header.readUIntLE(0, 3);
    at += 3 + (((written >> 1) & 3) === 1 ? 1 : written >> 3);
    if ((written & 1) === 1 || blocks > blocksLeft) return { at, blocks };
  }
}
