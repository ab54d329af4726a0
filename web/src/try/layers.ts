// What lies over the picture, from the back to the front.

import type { Draw, Layer } from '../shared/viewer/Viewer'
import { classCount, colourOf } from './areas'
import { drawBoxes, drawObjects, drawPeople, paintMasks } from './objects'
import { paintDepth, paintErrors, paintLabels, paintShares } from './paint'
import type { Side } from './side.svelte'
import type { TryState } from './state.svelte'

/** Depth is coloured up to here; beyond it is as dark as at it. */
export const farthestMetres = 80

export function layersOf(view: TryState): Layer[] {
  const { map } = view.attention
  if (view.attention.isOn && map) {
    let [least, most] = [Infinity, -Infinity]
    for (const value of map.values) [least, most] = [Math.min(least, value), Math.max(most, value)]
    const range = most - least || 1
    return [{ source: paintShares(map.width, map.height, (k) => ((map.values[k] ?? 0) - least) / range), alpha: view.opacity }]
  }
  return view.sides.flatMap((side, k): Layer[] => {
    const source = sourceOf(view, side)
    const place = view.sides.length === 1 ? {} : { side: k === 0 ? ('left' as const) : ('right' as const) }
    return source ? [{ source, alpha: view.opacity, ...place }] : []
  })
}

function sourceOf(view: TryState, { answer, leastScore }: Side): OffscreenCanvas | null {
  if (answer?.kind === 'depth') return paintDepth(answer, farthestMetres)
  if (answer?.kind === 'boxes' && view.picture)
    return paintMasks(answer.objects.filter(({ score }) => score >= leastScore), view.picture.width, view.picture.height)
  if (answer?.kind !== 'labels') return null
  return view.showsErrors && view.label
    ? paintErrors(answer, view.label.labels, classCount(answer.classes), view.isShown)
    : paintLabels(answer, (label) => colourOf(answer.classes, label), view.isShown)
}

/** Marks in the image's coordinates: objects, people and the pixel whose attention is shown. */
export function marksOf(view: TryState): Draw {
  const draws = view.sides.flatMap(({ answer, leastScore }): Draw[] => {
    if (answer?.kind === 'boxes') return [drawObjects(answer, leastScore)]
    return answer?.kind === 'poses' ? [drawPeople(answer, leastScore)] : []
  })
  if (view.findsPoses) {
    const { draft } = view
    const drawn = draft ? [[draft.from.x, draft.from.y, draft.to.x - draft.from.x, draft.to.y - draft.from.y] as const] : []
    draws.push(drawBoxes([...view.first.boxes, ...drawn]))
  }
  const { pixel, isOn } = view.attention
  if (isOn && pixel)
    draws.push((context, scale) => {
      for (const [colour, width] of [
        ['#000', 4],
        ['#fff', 2],
      ] as const) {
        context.strokeStyle = colour
        context.lineWidth = width / scale
        context.beginPath()
        context.arc(pixel.x + 0.5, pixel.y + 0.5, 7 / scale, 0, 2 * Math.PI)
        context.stroke()
      }
    })
  return (context, scale) => {
    for (const draw of draws) draw(context, scale)
  }
}
