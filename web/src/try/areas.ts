// What a label map has of each class, alone and beside a label.

import { usualColour } from '../shared/colours'
import type { ModelClass } from '../shared/models.svelte'
import type { LabelAnswer } from './answers'

export interface ClassArea {
  pixels: number
  share: number
  /** Intersection over union with the label; null without a label, or where neither has the class. */
  iou: number | null
}

export interface Figures {
  /** By class; those that neither the labels nor the label have are absent. */
  areas: ReadonlyMap<number, ClassArea>
  /** Beside a label that has pixels of these classes. */
  agreement: { accuracy: number; meanIou: number } | null
}

export const nameOf = (classes: readonly ModelClass[], label: number): string => classes[label]?.name ?? `class ${label}`

export const colourOf = (classes: readonly ModelClass[], label: number): string =>
  classes[label]?.color ?? (classes.length > 0 ? '#808080' : usualColour(label))

/** Labels from this on are no class: 255, which means ignored, if the network does not name its classes. */
export const classCount = (classes: readonly ModelClass[]): number => classes.length || 255

export function figuresOf({ labels, classes }: LabelAnswer, truth: Uint8Array | null): Figures {
  const named = classCount(classes)
  const pairs = new Float64Array(257 * 256)
  for (let k = 0; k < labels.length; k++) {
    const wanted = truth?.[k] ?? 255
    const at = (wanted < named ? wanted : 256) * 256 + (labels[k] ?? 0)
    pairs[at] = (pairs[at] ?? 0) + 1
  }
  const pair = (wanted: number, given: number): number => pairs[wanted * 256 + given] ?? 0
  const every = Array.from({ length: 256 }, (_, k) => k)
  const areas = new Map<number, ClassArea>()
  for (const label of every) {
    const wanted = every.reduce((sum, other) => sum + pair(label, other), 0)
    const given = every.reduce((sum, other) => sum + pair(other, label), 0)
    const pixels = given + pair(256, label)
    const union = wanted + given - pair(label, label)
    if (pixels + union > 0) areas.set(label, { pixels, share: pixels / labels.length, iou: truth && union > 0 ? pair(label, label) / union : null })
  }
  const scores = [...areas.values()].flatMap(({ iou }) => (iou === null ? [] : [iou]))
  const right = every.reduce((sum, label) => sum + pair(label, label), 0)
  const counted = every.reduce((sum, label) => sum + every.reduce((part, other) => part + pair(label, other), 0), 0)
  return {
    areas,
    agreement: truth && counted > 0 ? { accuracy: right / counted, meanIou: scores.reduce((sum, score) => sum + score, 0) / scores.length } : null,
  }
}
