// What a label map has of each class, alone and beside a label.

import { usualColour } from '../shared/colours'
import type { ModelClass } from '../shared/models.svelte'
import type { LabelAnswer } from './answers'

export interface ClassArea extends ModelClass {
  pixels: number
  share: number
  /** Intersection over union with the label; null without a label, or where neither has the class. */
  iou: number | null
}

export interface Agreement {
  /** The share of labelled pixels that have the label's class. */
  accuracy: number
  meanIou: number
  counted: number
}

export const nameOf = (classes: readonly ModelClass[], label: number): string => classes[label]?.name ?? `class ${label}`

export const colourOf = (classes: readonly ModelClass[], label: number): string => classes[label]?.color ?? (classes.length > 0 ? '#808080' : usualColour(label))

/** The classes of an image, the largest first. */
export function areasOf(answer: LabelAnswer, truth: Uint8Array | null): { areas: ClassArea[]; agreement: Agreement | null } {
  const { labels, classes } = answer
  const named = classes.length > 0 ? classes.length : 255
  const given = new Float64Array(256)
  const wanted = new Float64Array(256)
  const both = new Float64Array(256)
  const counted = new Float64Array(256)
  let pixels = 0
  for (let k = 0; k < labels.length; k++) {
    const label = labels[k] ?? 0
    given[label] = (given[label] ?? 0) + 1
    const true_ = truth?.[k] ?? 255
    if (true_ >= named) continue
    pixels++
    wanted[true_] = (wanted[true_] ?? 0) + 1
    counted[label] = (counted[label] ?? 0) + 1
    if (true_ === label) both[label] = (both[label] ?? 0) + 1
  }
  const areas: ClassArea[] = []
  for (let label = 0; label < 256; label++) {
    const union = (wanted[label] ?? 0) + (counted[label] ?? 0) - (both[label] ?? 0)
    if (given[label] === 0 && union === 0) continue
    areas.push({
      class: label,
      name: nameOf(classes, label),
      color: colourOf(classes, label),
      pixels: given[label] ?? 0,
      share: (given[label] ?? 0) / labels.length,
      iou: truth && union > 0 ? (both[label] ?? 0) / union : null,
    })
  }
  areas.sort((a, b) => b.pixels - a.pixels)
  const scores = areas.flatMap(({ iou }) => (iou === null ? [] : [iou]))
  const right = both.reduce((sum, value) => sum + value, 0)
  const agreement = truth && pixels > 0 ? { accuracy: right / pixels, meanIou: scores.reduce((a, b) => a + b, 0) / scores.length, counted: pixels } : null
  return { areas, agreement }
}
