// A network's output as the labels of an image's pixels, by the server's rules (Hwaso.Runtime, LabelKernel; Hwaso.Server, SegmentTask).

import type { Preparation } from '../../shared/models.svelte'
import { between, resizeTable } from './resize'

export interface Decision {
  labels: Uint8Array
  /** The probability of each pixel's class in steps of 1 / 255; null if the output is labels. */
  certainty: Uint8Array | null
}

export interface Output {
  numbers: ArrayLike<number | bigint>
  isReal: boolean
  shape: readonly number[]
}

export function decide(output: Output, width: number, height: number, preparation: Preparation, threshold: number | undefined): Decision {
  const sizes = output.shape.length === 4 ? output.shape.slice(1) : [1, ...output.shape.slice(-2)]
  const [count = 1, rows = 0, columns = 0] = sizes
  if (!output.isReal || preparation.one_channel === 'label') return { labels: nearest(output.numbers, rows, columns, width, height), certainty: null }
  if (!(output.numbers instanceof Float32Array)) throw new Error(`the network answers [${output.shape.join(', ')}] in a type that is not supported here`)
  const planes = new Planes(output.numbers, count, rows, columns, width, height, preparation.align_corners)
  return count === 1 ? decideOne(planes, preparation.one_channel === 'logit', threshold ?? 0.5) : decideBest(planes)
}

/** Labels cannot be interpolated: each pixel takes the one that it lies in. */
function nearest(numbers: ArrayLike<number | bigint>, rows: number, columns: number, width: number, height: number): Uint8Array {
  const labels = new Uint8Array(width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      labels[y * width + x] = Number(numbers[Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)])
  return labels
}

/** Scores that are widened to the image row by row. */
class Planes {
  readonly count: number
  readonly width: number
  readonly height: number
  /** The scores of a row of the image, [K, width]. */
  readonly row: Float32Array
  readonly #numbers: Float32Array
  readonly #sizes: [number, number]
  readonly #down
  readonly #across
  #upper: { at: number; row: Float32Array }
  #lower: { at: number; row: Float32Array }

  constructor(numbers: Float32Array, count: number, rows: number, columns: number, width: number, height: number, alignCorners: boolean) {
    this.count = count
    this.width = width
    this.height = height
    this.row = new Float32Array(count * width)
    this.#numbers = numbers
    this.#sizes = [rows, columns]
    this.#down = resizeTable(rows, height, alignCorners)
    this.#across = resizeTable(columns, width, alignCorners)
    this.#upper = { at: -1, row: new Float32Array(count * width) }
    this.#lower = { at: -1, row: new Float32Array(count * width) }
  }

  /** Computes the scores of a row. */
  take(y: number): void {
    const [first, second, part] = [this.#down.first[y] ?? 0, this.#down.second[y] ?? 0, this.#down.part[y] ?? 0]
    if (this.#lower.at === first) [this.#upper, this.#lower] = [this.#lower, this.#upper]
    this.#widen(this.#upper, first)
    if (second !== first) this.#widen(this.#lower, second)
    const above = this.#upper.row
    const below = second === first ? above : this.#lower.row
    for (let k = 0; k < above.length; k++) this.row[k] = between(above[k] ?? 0, below[k] ?? 0, part)
  }

  #widen(to: { at: number; row: Float32Array }, y: number): void {
    if (to.at === y) return
    const [rows, columns] = this.#sizes
    const { first, second, part } = this.#across
    for (let c = 0; c < this.count; c++) {
      const from = (c * rows + y) * columns
      for (let x = 0; x < this.width; x++)
        to.row[c * this.width + x] = between(this.#numbers[from + (first[x] ?? 0)] ?? 0, this.#numbers[from + (second[x] ?? 0)] ?? 0, part[x] ?? 0)
    }
    to.at = y
  }
}

function decideBest(planes: Planes): Decision {
  const { count, width, height, row } = planes
  const labels = new Uint8Array(width * height)
  const certainty = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    planes.take(y)
    for (let x = 0; x < width; x++) {
      let best = row[x] ?? 0
      let label = 0
      for (let c = 1; c < count; c++) {
        const value = row[c * width + x] ?? 0
        // Of equal scores the first class wins.
        if (value > best) {
          best = value
          label = c
        }
      }
      let sum = 0
      for (let c = 0; c < count; c++) sum += Math.exp((row[c * width + x] ?? 0) - best)
      labels[y * width + x] = label
      certainty[y * width + x] = Math.round(255 / sum)
    }
  }
  return { labels, certainty }
}

function decideOne(planes: Planes, isLogit: boolean, threshold: number): Decision {
  const { width, height, row } = planes
  const least = isLogit ? Math.log(threshold / (1 - threshold)) : threshold
  const labels = new Uint8Array(width * height)
  const certainty = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    planes.take(y)
    for (let x = 0; x < width; x++) {
      const value = row[x] ?? 0
      const share = isLogit ? 1 / (1 + Math.exp(-value)) : Math.min(1, Math.max(0, value))
      const label = value > least ? 1 : 0
      labels[y * width + x] = label
      certainty[y * width + x] = Math.round(255 * (label === 1 ? share : 1 - share))
    }
  }
  return { labels, certainty }
}
