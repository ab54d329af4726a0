// Answers as pictures of the image's size, to lie over it.

import { pixelOf } from '../shared/colours'
import type { DepthAnswer, LabelAnswer } from './answers'

function canvasOf(width: number, height: number, fill: (pixels: Uint32Array) => void): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (!context) throw new Error(`${width}×${height}: this browser draws no canvas of that size`)
  const image = context.createImageData(width, height)
  fill(new Uint32Array(image.data.buffer))
  context.putImageData(image, 0, 0)
  return canvas
}

/** The colours of the classes that are shown. */
export function paintLabels(answer: LabelAnswer, colourOf: (label: number) => string, isShown: (label: number) => boolean): OffscreenCanvas {
  const table = Uint32Array.from({ length: 256 }, (_, label) => (isShown(label) ? pixelOf(colourOf(label)) : 0))
  return canvasOf(answer.width, answer.height, (pixels) => {
    const { labels } = answer
    for (let k = 0; k < labels.length; k++) pixels[k] = table[labels[k] ?? 0] ?? 0
  })
}

const wrong = pixelOf('#ff2d75')
const ignored = 0x66808080

/** Pixels whose class is not that of the label; those that the label leaves out are gray. */
export function paintErrors(answer: LabelAnswer, truth: Uint8Array, count: number, isShown: (label: number) => boolean): OffscreenCanvas {
  return canvasOf(answer.width, answer.height, (pixels) => {
    const { labels } = answer
    for (let k = 0; k < labels.length; k++) {
      const wanted = truth[k] ?? 255
      const given = labels[k] ?? 0
      if (wanted >= count) pixels[k] = ignored
      else if (wanted !== given && (isShown(wanted) || isShown(given))) pixels[k] = wrong
    }
  })
}

/** Near is bright and warm, far is dark and cold; without depth is clear. */
export function paintDepth(answer: DepthAnswer, farthest: number): OffscreenCanvas {
  const table = Uint32Array.from({ length: 256 }, (_, k) => pixelOf(heat(1 - k / 255)))
  return canvasOf(answer.width, answer.height, (pixels) => {
    const { metres } = answer
    for (let k = 0; k < metres.length; k++) {
      const value = metres[k] ?? 0
      if (value > 0) pixels[k] = table[Math.min(255, Math.round((255 * value) / farthest))] ?? 0
    }
  })
}

/** Shares of 0 … 1 as one colour of growing opacity. */
export function paintShares(width: number, height: number, shareOf: (k: number) => number): OffscreenCanvas {
  return canvasOf(width, height, (pixels) => {
    for (let k = 0; k < pixels.length; k++) {
      const share = Math.max(0, Math.min(1, shareOf(k)))
      pixels[k] = (pixelOf(heat(share)) & 0xffffff) | (Math.round(255 * share) << 24)
    }
  })
}

/** From dark blue over violet and orange to pale yellow. */
export function heat(share: number): string {
  const stops = [
    [12, 16, 70],
    [110, 30, 130],
    [214, 70, 90],
    [250, 150, 50],
    [252, 244, 170],
  ] as const
  const at = Math.max(0, Math.min(1, share)) * (stops.length - 1)
  const k = Math.min(stops.length - 2, Math.floor(at))
  const [from, to] = [stops[k] ?? stops[0], stops[k + 1] ?? stops[0]]
  const mixed = ([0, 1, 2] as const).map((c) => Math.round(from[c] + (to[c] - from[c]) * (at - k)))
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}
