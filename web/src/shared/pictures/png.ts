// PNGs whose numbers matter: labels, and the two maps in 16 bits that the server answers. A canvas would give colours instead.

import { decode } from 'fast-png'
import { texts } from '../language'

const t = texts(
  {
    notPng: 'A label is a PNG: indexed, gray, or in the colours of the classes.',
    deep: (depth: number) => `The label has ${depth} bits a pixel; 8 or fewer were wanted.`,
  },
  {
    notPng: '라벨은 PNG여야 합니다. 색인, 회색조, 또는 클래스 색으로 된 PNG를 읽습니다.',
    deep: (depth: number) => `라벨의 픽셀이 ${depth}비트입니다. 8비트 이하여야 합니다.`,
  },
)

export interface LabelImage {
  width: number
  height: number
  labels: Uint8Array
}

/** Values of 16 bits, a pixel each, and the file's texts. */
export function readDeep(bytes: ArrayBuffer): { width: number; height: number; values: Uint16Array; text: Record<string, string> } {
  const { width, height, data, depth, channels, text } = decode(bytes)
  if (depth !== 16 || channels !== 1 || !(data instanceof Uint16Array)) throw new Error(`a PNG of ${depth} bits came; 16 bits of gray were wanted`)
  return { width, height, values: data, text }
}

/**
 * Reads a label image: the index or gray value of a pixel is its class; a colour is the class that has it, and 255 (ignored) where none does.
 */
export function readLabels(bytes: ArrayBuffer, colours: readonly string[]): LabelImage {
  const image = (() => {
    try {
      return decode(bytes)
    } catch {
      throw new Error(t.notPng)
    }
  })()
  const { width, height, depth, channels, data } = image
  if (depth > 8) throw new Error(t.deep(depth))
  if (channels === 1) return { width, height, labels: depth === 8 ? new Uint8Array(data) : unpacked(data, width, height, depth) }
  const known = new Map(colours.map((colour, k) => [Number.parseInt(colour.slice(1), 16), k]))
  const labels = new Uint8Array(width * height)
  const at = (k: number): number => data[k] ?? 0
  for (let k = 0; k < labels.length; k++)
    labels[k] =
      channels === 2
        ? at(2 * k)
        : (known.get((at(channels * k) << 16) | (at(channels * k + 1) << 8) | at(channels * k + 2)) ?? 255)
  return { width, height, labels }
}

/** Values of fewer than 8 bits lie several in a byte, the first in the upper bits; rows begin with a byte. */
function unpacked(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const labels = new Uint8Array(width * height)
  const rowBytes = Math.ceil((width * depth) / 8)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bit = x * depth
      labels[y * width + x] = ((data[y * rowBytes + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1)
    }
  return labels
}
