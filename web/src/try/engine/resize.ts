// The server's interpolation (Hwaso.Runtime, ResizeTable and LabelKernel), in the same single precision.

export interface ResizeTable {
  first: Int32Array
  second: Int32Array
  /** The weight of the second. */
  part: Float32Array
}

/** For each output position along an axis, the two input positions around it. */
export function resizeTable(from: number, to: number, alignCorners: boolean): ResizeTable {
  const table = { first: new Int32Array(to), second: new Int32Array(to), part: new Float32Array(to) }
  for (let k = 0; k < to; k++) {
    const place = alignCorners ? (to === 1 ? 0 : (k * (from - 1)) / (to - 1)) : (k + 0.5) / (to / from) - 0.5
    const at = Math.min(from - 1, Math.max(0, place))
    const first = Math.trunc(at)
    table.first[k] = first
    table.second[k] = Math.min(first + 1, from - 1)
    table.part[k] = at - first
  }
  return table
}

export const between = (a: number, b: number, part: number): number => Math.fround(a + Math.fround(Math.fround(b - a) * part))
