// Objects and people as drawings: boxes, masks, joints.

import { channelsOf, pixelOf } from '../shared/colours'
import type { Draw } from '../shared/viewer/Viewer'
import type { Box, BoxAnswer, FoundObject, PoseAnswer } from './answers'

/** A colour for each category: hues that lie far apart for neighbouring numbers. */
export function colourOfCategory(id: number): string {
  const goldenAngle = 137.508
  const hue = (id * goldenAngle) % 360
  const channel = (shift: number): number => {
    const k = (shift + hue / 30) % 12
    return Math.round(255 * (0.58 - 0.38 * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  }
  return `#${[0, 8, 4].map((shift) => channel(shift).toString(16).padStart(2, '0')).join('')}`
}

/** COCO's packed run lengths: the ends of runs by columns, zeros first, six bits a character, each from the third on as a difference. */
export function unpackMask(counts: string): number[] {
  const runs: number[] = []
  for (let at = 0; at < counts.length; ) {
    let value = 0
    let shift = 0
    let bits: number
    do {
      bits = counts.charCodeAt(at++) - 48
      value |= (bits & 31) << shift
      shift += 5
    } while ((bits & 32) !== 0 && at < counts.length)
    if ((bits & 16) !== 0 && shift < 32) value |= -1 << shift
    runs.push(runs.length > 2 ? value + (runs.at(-2) ?? 0) : value)
  }
  return runs
}

/** The masks of all objects that are shown, the best on top. */
export function paintMasks(objects: readonly FoundObject[], width: number, height: number): OffscreenCanvas | null {
  const withMask = objects.filter(({ segmentation }) => segmentation)
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (!context || withMask.length === 0) return null
  const image = context.createImageData(width, height)
  const pixels = new Uint32Array(image.data.buffer)
  for (const { segmentation, category_id } of [...withMask].sort((a, b) => a.score - b.score)) {
    const colour = pixelOf(colourOfCategory(category_id))
    let at = 0
    unpackMask(segmentation?.counts ?? '').forEach((length, k) => {
      if (k % 2 === 1) for (let n = at; n < at + length; n++) pixels[(n % height) * width + Math.floor(n / height)] = colour
      at += length
    })
  }
  context.putImageData(image, 0, 0)
  return canvas
}

export function drawObjects({ objects }: BoxAnswer, leastScore: number): Draw {
  return (context, scale) => {
    context.font = `${12 / scale}px system-ui, sans-serif`
    context.textBaseline = 'bottom'
    for (const { box, category, category_id, score } of objects) {
      if (score < leastScore) continue
      const [x, y, width, height] = box
      const colour = colourOfCategory(category_id)
      context.strokeStyle = colour
      context.lineWidth = 2 / scale
      context.strokeRect(x, y, width, height)
      const text = `${category} ${Math.round(100 * score)} %`
      const pad = 4 / scale
      const top = y - 16 / scale < 0 ? y + 16 / scale : y
      context.fillStyle = colour
      context.fillRect(x, top - 16 / scale, context.measureText(text).width + 2 * pad, 16 / scale)
      const [r, g, b] = channelsOf(colour)
      context.fillStyle = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? '#000' : '#fff'
      context.fillText(text, x + pad, top - 1 / scale)
    }
  }
}

/** Boxes that a person drew: a dashed line, light on dark. */
export function drawBoxes(boxes: readonly Box[]): Draw {
  return (context, scale) => {
    for (const [colour, width, dash] of [
      ['rgb(0 0 0 / 80%)', 3, []],
      ['#fff', 1.5, [6, 4]],
    ] as const) {
      context.strokeStyle = colour
      context.lineWidth = width / scale
      context.setLineDash(dash.map((length) => length / scale))
      for (const [x, y, across, down] of boxes) context.strokeRect(x, y, across, down)
    }
    context.setLineDash([])
  }
}

export function drawPeople({ people, skeleton }: PoseAnswer, leastScore: number): Draw {
  return (context, scale) => {
    people.forEach(({ joints }, n) => {
      const colour = colourOfCategory(n)
      const isSure = (k: number): boolean => (joints[k]?.score ?? 0) >= leastScore
      context.lineWidth = 3 / scale
      context.strokeStyle = colour
      context.beginPath()
      for (const [from, to] of skeleton) {
        const [a, b] = [joints[from], joints[to]]
        if (!a || !b || !isSure(from) || !isSure(to)) continue
        context.moveTo(a.x + 0.5, a.y + 0.5)
        context.lineTo(b.x + 0.5, b.y + 0.5)
      }
      context.stroke()
      joints.forEach(({ x, y }, k) => {
        if (!isSure(k)) return
        context.beginPath()
        context.arc(x + 0.5, y + 0.5, 4 / scale, 0, 2 * Math.PI)
        context.fillStyle = '#fff'
        context.fill()
        context.lineWidth = 2 / scale
        context.stroke()
      })
    })
  }
}
