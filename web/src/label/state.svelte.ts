// What the view Label shows: an image, its label as it is drawn, and what the server's file was when it was opened.

import { decode, encode } from 'fast-png'
import { ApiError, ask } from '../shared/api'
import { pixelOf } from '../shared/colours'
import { texts } from '../shared/language'
import { addressOfModel } from '../shared/models.svelte'
import { notices } from '../shared/notices.svelte'
import { readPicture, type Picture } from '../shared/pictures/picture'
import { readLabels } from '../shared/pictures/png'
import type { Point } from '../shared/viewer/Viewer'
import { loadImage, loadLabel, loadPixels, saveLabel, type DataClass, type DataImage } from '../data/data'
import { Editor, type Area } from './editor'

const t = texts(
  {
    saved: 'The label is saved.',
    taken: (name: string) => `The labels of ${name} are on the image; undo takes them back.`,
    size: 'The network answered labels of another size.',
    original: 'The label as it was before the first change is on the image; undo takes it back.',
    theirs: 'The label of the file is on the image; undo brings yours back.',
  },
  {
    saved: '라벨을 저장했습니다.',
    taken: (name: string) => `${name}의 라벨을 이미지에 올렸습니다. 실행 취소로 되돌릴 수 있습니다.`,
    size: '네트워크가 다른 크기의 라벨로 응답했습니다.',
    original: '처음 고치기 전의 라벨을 이미지에 올렸습니다. 실행 취소로 되돌릴 수 있습니다.',
    theirs: '파일의 라벨을 이미지에 올렸습니다. 실행 취소로 내 라벨을 되찾을 수 있습니다.',
  },
)

export type Tool = 'brush' | 'eraser' | 'polygon' | 'fill' | 'hand'

export const ignored = 255
const near = 10

/** Drawings that were left without saving: they are there when their image is opened again. */
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing shows it
const drafts = new Map<string, { editor: Editor; tag: string | null; revision: number }>()

export class LabelState {
  image = $state.raw<DataImage | null>(null)
  picture = $state.raw<Picture | null>(null)
  tool = $state<Tool>('brush')
  size = $state(12)
  chosen = $state(0)
  opacity = $state(0.6)
  points = $state.raw<readonly Point[]>([])
  pointer = $state.raw<Point | null>(null)
  isSaving = $state(false)
  isBusy = $state(false)
  /** Whether the server's file is another one than the one that was opened here. */
  isChangedElsewhere = $state(false)
  /** Counts changes, so that what is drawn from the labels is drawn again. */
  revision = $state(0)
  canvas = $state.raw<OffscreenCanvas | null>(null)
  #saved = $state(0)
  #editor = $state.raw<Editor | null>(null)
  #tag: string | null = null
  #table = new Uint32Array(256)
  #last: Point | null = null

  readonly isChanged = $derived(this.revision !== this.#saved)
  // The editor's own numbers are not reactive: a change counts a revision.
  readonly canUndo = $derived(this.revision >= 0 && this.#editor !== null && this.#editor.canUndo)
  readonly canRedo = $derived(this.revision >= 0 && this.#editor !== null && this.#editor.canRedo)

  async open(split: string, key: string, classes: readonly DataClass[]): Promise<void> {
    this.leave()
    this.isBusy = true
    try {
      const image = await loadImage(split, key)
      const picture = await readPicture(await loadPixels(split, key), image.id)
      const label = image.labelled ? await this.#read(split, key, false) : null
      const draft = drafts.get(image.address)
      this.#table = Uint32Array.from({ length: 256 }, (_, k) => (classes[k] ? pixelOf(classes[k].color) : 0))
      this.#editor = draft?.editor ?? new Editor(picture.width, picture.height, label?.labels ?? new Uint8Array(picture.width * picture.height).fill(ignored))
      this.#tag = draft ? draft.tag : (label?.tag ?? null)
      this.isChangedElsewhere = draft !== undefined && draft.tag !== (label?.tag ?? null)
      this.#saved = 0
      this.revision = draft ? 1 : 0
      drafts.delete(image.address)
      this.canvas = new OffscreenCanvas(picture.width, picture.height)
      this.#paint({ left: 0, top: 0, width: picture.width, height: picture.height })
      this.picture = picture
      this.image = image
    } finally {
      this.isBusy = false
    }
  }

  /** Keeps what is not saved yet until the image is opened again. */
  leave(): void {
    if (this.image && this.#editor && this.isChanged) drafts.set(this.image.address, { editor: this.#editor, tag: this.#tag, revision: this.revision })
    this.image = null
    this.picture = null
    this.canvas = null
    this.#editor = null
    this.points = []
    this.isChangedElsewhere = false
  }

  get hasDrafts(): boolean {
    return this.isChanged || drafts.size > 0
  }

  labelAt(pixel: Point): number | null {
    return this.#editor?.labels[pixel.y * this.#editor.width + pixel.x] ?? null
  }

  /** A press of the main button, its moves and its end; false leaves them to the viewer. */
  draw(phase: 'start' | 'move' | 'end' | 'cancel', at: Point): boolean {
    const editor = this.#editor
    if (!editor || this.tool === 'hand') return false
    this.pointer = at
    const value = this.tool === 'eraser' ? ignored : this.chosen
    if (this.tool === 'polygon') {
      if (phase === 'start') this.addPoint(at)
      return true
    }
    if (this.tool === 'fill') {
      if (phase === 'start') this.#fillAt({ x: Math.floor(at.x), y: Math.floor(at.y) })
      return true
    }
    if (phase === 'start') {
      editor.begin()
      this.#paint(editor.stroke(at, at, this.size / 2, value))
    } else if (phase === 'move') this.#paint(editor.stroke(this.#last ?? at, at, this.size / 2, value))
    else this.#changed(phase === 'end' ? editor.end() : editor.cancel())
    this.#last = phase === 'start' || phase === 'move' ? at : null
    return true
  }

  /** The tool at a pixel that the keyboard chose. */
  apply(pixel: Point): void {
    const middle = { x: pixel.x + 0.5, y: pixel.y + 0.5 }
    if (this.tool === 'polygon') this.addPoint(middle)
    else if (this.tool === 'fill') this.#fillAt(pixel)
    else if (this.tool !== 'hand') {
      this.draw('start', middle)
      this.draw('end', middle)
    }
  }

  addPoint(at: Point): void {
    const first = this.points[0]
    if (first && this.points.length > 2 && Math.hypot(first.x - at.x, first.y - at.y) * this.scale < near) this.closePolygon()
    else this.points = [...this.points, at]
  }

  /** Pixels of the screen for one of the image. */
  scale = 1

  closePolygon(): void {
    const editor = this.#editor
    if (!editor || this.points.length < 3) return
    editor.begin()
    editor.polygon(this.points, this.chosen)
    this.points = []
    this.#changed(editor.end())
  }

  undo(): void {
    if (this.points.length > 0) this.points = this.points.slice(0, -1)
    else this.#changed(this.#editor?.undo() ?? null)
  }

  redo(): void {
    this.#changed(this.#editor?.redo() ?? null)
  }

  async save(): Promise<void> {
    const { image } = this
    const editor = this.#editor
    if (!image || !editor || this.isSaving) return
    this.isSaving = true
    const { revision } = this
    try {
      const png = encode({ width: editor.width, height: editor.height, data: editor.labels, depth: 8, channels: 1 })
      this.#tag = await saveLabel(image.split, image.key, new Blob([new Uint8Array(png)], { type: 'image/png' }), this.#tag)
      this.#saved = revision
      this.isChangedElsewhere = false
      this.image = { ...image, labelled: true, changed: true }
      notices.tell(t.saved)
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) this.isChangedElsewhere = true
      else notices.fail(error)
    } finally {
      this.isSaving = false
    }
  }

  /** Looks whether another window or program wrote the label since. */
  async look(): Promise<void> {
    const { image } = this
    if (!image || this.isSaving) return
    const now = await loadImage(image.split, image.key)
    if (this.image === image && (now.etag ?? null) !== this.#tag) this.isChangedElsewhere = true
  }

  /** Takes the file's label; what was drawn here comes back with undo. */
  async takeTheirs(): Promise<void> {
    const label = await this.#again(false)
    if (!label) return
    this.#tag = label.tag
    this.#changed(this.#editor?.replace(label.labels) ?? null)
    this.#saved = this.revision
    this.isChangedElsewhere = false
    notices.tell(t.theirs)
  }

  /** Saves over the file's label, which the server keeps as the one before. */
  async keepMine(): Promise<void> {
    const { image } = this
    if (!image) return
    try {
      this.#tag = (await loadImage(image.split, image.key)).etag ?? null
      await this.save()
    } catch (error) {
      notices.fail(error)
    }
  }

  async takeOriginal(): Promise<void> {
    const label = await this.#again(true)
    if (!label) return
    this.#changed(this.#editor?.replace(label.labels) ?? null)
    notices.tell(t.original)
  }

  /** Takes a network's labels. */
  async predict(model: string): Promise<void> {
    const { picture } = this
    if (!picture) return
    this.isBusy = true
    try {
      const answer = await ask(addressOfModel(model, 'segment'), { method: 'POST', body: picture.file, query: { as: 'png' } })
      const { width, height, labels } = readLabels(await answer.arrayBuffer(), [])
      if (width !== picture.width || height !== picture.height) throw new Error(t.size)
      this.#changed(this.#editor?.replace(labels) ?? null)
      notices.tell(t.taken(model))
    } catch (error) {
      notices.fail(error)
    } finally {
      this.isBusy = false
    }
  }

  async #again(original: boolean): Promise<{ labels: Uint8Array; tag: string } | null> {
    if (!this.image) return null
    try {
      return await this.#read(this.image.split, this.image.key, original)
    } catch (error) {
      notices.fail(error)
      return null
    }
  }

  async #read(split: string, key: string, original: boolean): Promise<{ labels: Uint8Array; tag: string }> {
    const { bytes, tag } = await loadLabel(split, key, original)
    // The server's PNG is indexed with 8 bits: its indices are the labels.
    return { labels: new Uint8Array(decode(bytes).data), tag }
  }

  #fillAt(pixel: Point): void {
    const editor = this.#editor
    if (!editor) return
    editor.begin()
    editor.fill(pixel, this.chosen)
    this.#changed(editor.end())
  }

  #changed(area: Area | null): void {
    if (!area) return
    this.#paint(area)
    this.revision++
  }

  #paint(area: Area | null): void {
    const editor = this.#editor
    const context = this.canvas?.getContext('2d')
    if (!area || !editor || !context) return
    const { left, top, width, height } = area
    const part = context.createImageData(width, height)
    const pixels = new Uint32Array(part.data.buffer)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) pixels[y * width + x] = this.#table[editor.labels[(top + y) * editor.width + left + x] ?? ignored] ?? 0
    context.putImageData(part, left, top)
    this.painted++
  }

  /** Counts what was painted, also within a stroke. */
  painted = $state(0)
}
