// What the view Try shows: a picture, one or two networks, a label, and how they lie over each other.

import { SvelteSet } from 'svelte/reactivity'
import { texts } from '../shared/language'
import { models } from '../shared/models.svelte'
import { notices } from '../shared/notices.svelte'
import { readPicture, type Picture } from '../shared/pictures/picture'
import { readHeader } from '../shared/pictures/header'
import { readLabels, type LabelImage } from '../shared/pictures/png'
import type { Point } from '../shared/viewer/Viewer'
import type { Box } from './answers'
import { figuresOf } from './areas'
import { Attention } from './attention.svelte'
import { Side } from './side.svelte'

const t = texts(
  {
    labelSize: (label: string, image: string) => `The label has ${label} pixels and the image ${image}; a label of the image's size was wanted.`,
    labelFirst: 'Open the image of this label first.',
    labelTaken: (name: string) => `${name} is shown as the label of the image.`,
  },
  {
    labelSize: (label: string, image: string) => `라벨은 ${label}, 이미지는 ${image} 픽셀입니다. 이미지와 크기가 같은 라벨이 필요합니다.`,
    labelFirst: '이 라벨의 이미지를 먼저 여세요.',
    labelTaken: (name: string) => `${name}: 이미지의 라벨로 표시합니다.`,
  },
)

const sizeOf = ({ width, height }: { width: number; height: number }): string => `${width}×${height}`

export class TryState {
  picture = $state.raw<Picture | null>(null)
  readonly first = new Side()
  readonly second = new Side()
  readonly attention = new Attention()
  label = $state.raw<(LabelImage & { name: string }) | null>(null)
  opacity = $state(0.55)
  showsErrors = $state(false)
  isHere = $state(false)
  swipe = $state(0.5)
  cursor = $state.raw<Point | null>(null)
  isReading = $state(false)
  /** Classes that are switched off. */
  readonly hidden = new SvelteSet<number>()
  /** The class that is shown alone; null for all. */
  alone = $state<number | null>(null)

  /** Boxes round people are drawn by dragging. */
  drawsBoxes = $state(false)
  /** The box that is being drawn: where it began and where the pointer is. */
  draft = $state.raw<{ from: Point; to: Point } | null>(null)

  readonly sides = $derived(this.second.name === '' ? [this.first] : [this.first, this.second])
  readonly findsPoses = $derived(this.sides.some(({ findsPoses }) => findsPoses))
  readonly isBusy = $derived(this.isReading || this.attention.isBusy || this.sides.some((side) => side.isBusy))
  readonly figures = $derived(
    this.sides.flatMap(({ name, answer }) =>
      answer?.kind === 'labels' ? [{ name, classes: answer.classes, ...figuresOf(answer, this.label?.labels ?? null) }] : [],
    ),
  )

  isShown = (label: number): boolean => (this.alone === null ? !this.hidden.has(label) : this.alone === label)

  async start(): Promise<void> {
    try {
      await models.refresh()
      const name = models.all?.[0]?.name
      if (name !== undefined && this.first.name === '') await this.first.choose(name, this.picture, this.isHere)
    } catch (error) {
      notices.fail(error)
    }
  }

  /** Opens files that were dropped, pasted or picked: an image, its label, or both. */
  async open(files: readonly File[]): Promise<void> {
    const [one, other] = files
    if (!one) return
    this.isReading = true
    try {
      if (other) {
        const [image, label] = (await isLabel(one)) && !(await isLabel(other)) ? [other, one] : [one, other]
        await this.openPicture(await readPicture(image, image.name))
        await this.openLabel(label)
      } else if (this.picture && (await isLabel(one)) && (await this.#fits(one))) {
        await this.openLabel(one)
        notices.tell(t.labelTaken(one.name))
      } else await this.openPicture(await readPicture(one, one.name))
    } catch (error) {
      notices.fail(error)
    } finally {
      this.isReading = false
    }
  }

  async openPicture(picture: Picture): Promise<void> {
    this.closeLabel()
    this.attention.clear()
    this.cursor = null
    for (const side of [this.first, this.second]) {
      side.answer = null
      side.boxes = []
    }
    this.draft = null
    this.picture = picture
    this.isReading = false
    await this.askAll()
  }

  async askAll(): Promise<void> {
    const { picture } = this
    if (!picture) return
    // One after the other: the server has few places.
    for (const side of this.sides) await side.ask(picture, this.isHere)
  }

  async compareWith(name: string): Promise<void> {
    if (name === '') this.second.clear()
    else await this.second.choose(name, this.picture, this.isHere)
  }

  async choose(name: string): Promise<void> {
    this.attention.clear()
    this.alone = null
    this.hidden.clear()
    // The network of the other side changes places with this one.
    const isSwap = name === this.second.name
    const other = isSwap ? this.second.choose(this.first.name, null, this.isHere) : null
    await this.first.choose(name, this.picture, this.isHere)
    await other
    if (isSwap && this.picture) await this.second.ask(this.picture, this.isHere)
  }

  async openLabel(file: File): Promise<void> {
    try {
      if (!this.picture) throw new Error(t.labelFirst)
      const colours = (this.first.model?.classes ?? []).map(({ color }) => color)
      const label = readLabels(await file.arrayBuffer(), colours)
      if (label.width !== this.picture.width || label.height !== this.picture.height)
        throw new Error(t.labelSize(sizeOf(label), sizeOf(this.picture)))
      this.label = { ...label, name: file.name }
      this.showsErrors = true
    } catch (error) {
      notices.fail(error)
    }
  }

  closeLabel(): void {
    this.label = null
    this.showsErrors = false
  }

  toggle(label: number): void {
    if (this.alone !== null) this.alone = null
    else if (!this.hidden.delete(label)) this.hidden.add(label)
  }

  /** A drag over the image while boxes are drawn; false leaves it to the viewer. */
  drag(phase: 'start' | 'move' | 'end' | 'cancel', at: Point): boolean {
    const { picture } = this
    if (!picture || !this.drawsBoxes || !this.findsPoses) return false
    const inside = { x: Math.min(picture.width, Math.max(0, at.x)), y: Math.min(picture.height, Math.max(0, at.y)) }
    if (phase === 'cancel') this.draft = null
    else if (phase === 'start' && !this.draft) this.draft = { from: inside, to: inside }
    else if (this.draft) this.draft = { ...this.draft, to: inside }
    // A click without a drag leaves a corner; the next click is the other one.
    if (phase === 'end' && this.draft && boxOf(this.draft)) this.#addBox()
    return true
  }

  #addBox(): void {
    const box = this.draft && boxOf(this.draft)
    this.draft = null
    if (!box) return
    this.setBoxes([...this.first.boxes, box])
  }

  setBoxes(boxes: readonly Box[]): void {
    for (const side of [this.first, this.second]) side.boxes = boxes
    void this.askAll()
  }

  /** A click on a pixel: its attention is asked for where that is switched on. */
  pick(pixel: Point): void {
    this.cursor = pixel
    // Enter on the cross: one corner of a box, then the other.
    if (this.drawsBoxes && this.findsPoses) {
      this.draft = this.draft ? { ...this.draft, to: pixel } : { from: pixel, to: pixel }
      if (boxOf(this.draft)) this.#addBox()
      return
    }
    if (this.attention.isOn && this.picture && this.first.model?.explains) void this.attention.ask(this.first.model, this.picture, pixel)
  }

  async #fits(file: File): Promise<boolean> {
    const view = new DataView(await file.slice(16, 24).arrayBuffer())
    return view.byteLength === 8 && view.getUint32(0) === this.picture?.width && view.getUint32(4) === this.picture.height
  }
}

/** The box between two corners, in whole pixels; null if it is too small to be one. */
export function boxOf({ from, to }: { from: Point; to: Point }): Box | null {
  const least = 4
  const [x, y] = [Math.round(Math.min(from.x, to.x)), Math.round(Math.min(from.y, to.y))]
  const [width, height] = [Math.round(Math.abs(to.x - from.x)), Math.round(Math.abs(to.y - from.y))]
  return width >= least && height >= least ? [x, y, width, height] : null
}

/** Indexed and gray PNGs are labels; photos are neither. */
async function isLabel(file: File): Promise<boolean> {
  const bytes = new Uint8Array(await file.slice(0, 64).arrayBuffer())
  return readHeader(bytes).format === 'png' && [0, 3].includes(bytes[25] ?? 2)
}
