// Labels that are drawn on: every tool changes pixels of one array, and every change can be taken back.

import type { Point } from '../shared/viewer/Viewer'

export interface Area {
  left: number
  top: number
  width: number
  height: number
}

interface Change {
  area: Area
  before: Uint8Array
  after: Uint8Array
}

// Changes are kept as far as their bytes fit, so that an afternoon's strokes on a large image do not fill the memory.
const mostBytes = 256 << 20

export class Editor {
  readonly width: number
  readonly height: number
  readonly labels: Uint8Array
  readonly #done: Change[] = []
  readonly #undone: Change[] = []
  #bytes = 0
  #before: Uint8Array | null = null
  #touched: Area | null = null

  constructor(width: number, height: number, labels: Uint8Array) {
    this.width = width
    this.height = height
    this.labels = labels
  }

  get canUndo(): boolean {
    return this.#done.length > 0
  }

  get canRedo(): boolean {
    return this.#undone.length > 0
  }

  /** Begins a change, such as a stroke; everything until `end` is taken back together. */
  begin(): void {
    this.#before = this.labels.slice()
    this.#touched = null
  }

  /** Ends a change; gives the part of the image that differs, null for none. */
  end(): Area | null {
    const before = this.#before
    const area = this.#touched
    this.#before = null
    if (!before || !area) return null
    const change = { area, before: this.#cut(before, area), after: this.#cut(this.labels, area) }
    if (change.before.every((value, k) => value === change.after[k])) return area
    this.#done.push(change)
    this.#undone.length = 0
    this.#bytes += 2 * change.before.length
    while (this.#bytes > mostBytes && this.#done.length > 1) this.#bytes -= 2 * (this.#done.shift()?.before.length ?? 0)
    return area
  }

  /** Takes back what was drawn since `begin`. */
  cancel(): Area | null {
    const before = this.#before
    const area = this.#touched
    this.#before = null
    if (!before || !area) return null
    this.labels.set(before)
    return area
  }

  undo(): Area | null {
    const change = this.#done.pop()
    if (!change) return null
    this.#undone.push(change)
    this.#paste(change.area, change.before)
    return change.area
  }

  redo(): Area | null {
    const change = this.#undone.pop()
    if (!change) return null
    this.#done.push(change)
    this.#paste(change.area, change.after)
    return change.area
  }

  /** Takes over labels of the same size, such as a network's, as one change. */
  replace(labels: Uint8Array): Area | null {
    this.begin()
    this.labels.set(labels)
    this.#touch(0, 0, this.width, this.height)
    return this.end()
  }

  /** Every pixel whose middle is at most `radius` from the line between two points. */
  stroke(from: Point, to: Point, radius: number, value: number): Area | null {
    const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius))
    const right = Math.min(this.width - 1, Math.ceil(Math.max(from.x, to.x) + radius))
    const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius))
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(from.y, to.y) + radius))
    if (left > right || top > bottom) return null
    const dx = to.x - from.x
    const dy = to.y - from.y
    const length = dx * dx + dy * dy
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++) {
        const px = x + 0.5 - from.x
        const py = y + 0.5 - from.y
        const at = length === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / length))
        const ex = px - at * dx
        const ey = py - at * dy
        if (ex * ex + ey * ey <= radius * radius) this.labels[y * this.width + x] = value
      }
    return this.#touch(left, top, right - left + 1, bottom - top + 1)
  }

  /** Every pixel whose middle lies inside, by the even-odd rule. */
  polygon(points: readonly Point[], value: number): Area | null {
    if (points.length < 3) return null
    const top = Math.max(0, Math.floor(Math.min(...points.map(({ y }) => y))))
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(...points.map(({ y }) => y))))
    const left = Math.max(0, Math.floor(Math.min(...points.map(({ x }) => x))))
    const right = Math.min(this.width - 1, Math.ceil(Math.max(...points.map(({ x }) => x))))
    if (left > right || top > bottom) return null
    for (let y = top; y <= bottom; y++) {
      const middle = y + 0.5
      const crossings: number[] = []
      points.forEach((a, k) => {
        const b = points[(k + 1) % points.length] ?? a
        if (a.y <= middle !== b.y <= middle) crossings.push(a.x + ((middle - a.y) / (b.y - a.y)) * (b.x - a.x))
      })
      crossings.sort((a, b) => a - b)
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        const first = Math.max(left, Math.ceil((crossings[k] ?? 0) - 0.5))
        const last = Math.min(right, Math.ceil((crossings[k + 1] ?? 0) - 0.5) - 1)
        if (first <= last) this.labels.fill(value, y * this.width + first, y * this.width + last + 1)
      }
    }
    return this.#touch(left, top, right - left + 1, bottom - top + 1)
  }

  /** The region of one label around a pixel: those that touch along an edge. */
  fill(pixel: Point, value: number): Area | null {
    const { width, labels } = this
    const old = labels[pixel.y * width + pixel.x]
    if (old === undefined || old === value) return null
    let area: Area | null = null
    const open = [pixel.y * width + pixel.x]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (labels[at] !== old) continue
      const row = at - (at % width)
      let first = at
      let last = at
      while (first > row && labels[first - 1] === old) first--
      while (last < row + width - 1 && labels[last + 1] === old) last++
      labels.fill(value, first, last + 1)
      for (const next of [-width, width])
        for (let k = first; k <= last; k++) if (labels[k + next] === old && (k === first || labels[k + next - 1] !== old)) open.push(k + next)
      area = this.#touch(first - row, row / width, last - first + 1, 1)
    }
    return area && this.#touched
  }

  #touch(left: number, top: number, width: number, height: number): Area {
    const area = { left, top, width, height }
    const old = this.#touched
    if (!old) this.#touched = area
    else {
      const x = Math.min(old.left, left)
      const y = Math.min(old.top, top)
      this.#touched = {
        left: x,
        top: y,
        width: Math.max(old.left + old.width, left + width) - x,
        height: Math.max(old.top + old.height, top + height) - y,
      }
    }
    return area
  }

  #cut(from: Uint8Array, { left, top, width, height }: Area): Uint8Array {
    const part = new Uint8Array(width * height)
    for (let y = 0; y < height; y++) part.set(from.subarray((top + y) * this.width + left, (top + y) * this.width + left + width), y * width)
    return part
  }

  #paste({ left, top, width, height }: Area, part: Uint8Array): void {
    for (let y = 0; y < height; y++) this.labels.set(part.subarray(y * width, (y + 1) * width), (top + y) * this.width + left)
  }
}
