// An image as a network's input, equal to the server's in every bit (Hwaso.Runtime, SegmentationSession.Normalise).

import type { Preparation } from '../../shared/models.svelte'
import { between, resizeTable } from './resize'

const values = 256
const colours = 3

/** For each channel and each value of a byte, the number that the network gets. */
function tableOf({ mean, deviation, range }: Preparation): Float32Array {
  const table = new Float32Array(colours * values)
  // The server keeps these in single precision and computes with them in double.
  const at = (numbers: number[], c: number): number => Math.fround(numbers[Math.min(c, numbers.length - 1)] ?? 0)
  for (let c = 0; c < colours; c++)
    for (let v = 0; v < values; v++) table[c * values + v] = ((v / 255) * Math.fround(range) - at(mean, c)) / at(deviation, c)
  return table
}

export interface Input {
  numbers: Float32Array
  shape: [number, number, number, number]
}

/** @param rgba Four bytes a pixel, row by row from the top. */
export function prepare(rgba: Uint8ClampedArray, width: number, height: number, preparation: Preparation): Input {
  const [, , inputRows = -1, inputColumns = -1] = preparation.input ?? []
  const rows = inputRows > 0 ? inputRows : height
  const columns = inputColumns > 0 ? inputColumns : width
  const table = tableOf(preparation)
  const numbers = new Float32Array(colours * rows * columns)
  const valueAt = (c: number, y: number, x: number): number => table[c * values + (rgba[4 * (y * width + x) + c] ?? 0)] ?? 0
  if (rows === height && columns === width) {
    const area = rows * columns
    for (let c = 0; c < colours; c++)
      for (let k = 0; k < area; k++) numbers[c * area + k] = table[c * values + (rgba[4 * k + c] ?? 0)] ?? 0
    return { numbers, shape: [1, colours, rows, columns] }
  }
  const down = resizeTable(height, rows, false)
  const across = resizeTable(width, columns, false)
  let to = 0
  for (let c = 0; c < colours; c++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        const [y0, y1, x0, x1] = [down.first[y] ?? 0, down.second[y] ?? 0, across.first[x] ?? 0, across.second[x] ?? 0]
        const upper = between(valueAt(c, y0, x0), valueAt(c, y0, x1), across.part[x] ?? 0)
        const lower = between(valueAt(c, y1, x0), valueAt(c, y1, x1), across.part[x] ?? 0)
        numbers[to++] = between(upper, lower, down.part[y] ?? 0)
      }
  return { numbers, shape: [1, colours, rows, columns] }
}
