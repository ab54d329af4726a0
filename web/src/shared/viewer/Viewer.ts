// Draws an image with layers over it on a canvas, moved and enlarged by pointer, wheel, pinch and keys.
// The image is one bitmap: the browser scales it on the graphics card, so a frame costs the same at 1 and at 50 million pixels.

export interface Layer {
  source: CanvasImageSource
  /** 0 … 1. */
  alpha: number
  /** Which side of the swipe line shows it; both if left out. */
  side?: 'left' | 'right'
}

export interface Point {
  x: number
  y: number
}

export interface ViewerEvents {
  /** The pixel under the pointer or the cross of the keyboard; null if there is none. */
  onPoint?: (pixel: Point | null) => void
  /** A click, or Enter on the cross. */
  onPick?: (pixel: Point) => void
  /**
   * A press of the main button, its moves and its end at places of the image, which may lie outside; false leaves them to the viewer, which
   * moves the image. A second finger cancels it.
   */
  onDraw?: (phase: 'start' | 'move' | 'end' | 'cancel', at: Point) => boolean
  /** The scale changed: pixels of the screen for a pixel of the image. */
  onScale?: (scale: number) => void
}

/** Draws lines and marks in the image's coordinates; a screen pixel is 1 / scale of its units. */
export type Draw = (context: CanvasRenderingContext2D, scale: number) => void

const most = 64
const clickSlackPx = 4
const step = 1.25

export class Viewer {
  readonly #canvas: HTMLCanvasElement
  readonly #pad: HTMLElement
  readonly #context: CanvasRenderingContext2D
  readonly #events: ViewerEvents
  readonly #observer: ResizeObserver
  readonly #abort = new AbortController()
  readonly #pointers = new Map<number, Point>()
  #image: { source: CanvasImageSource; width: number; height: number } | null = null
  #layers: readonly Layer[] = []
  #draw: Draw | null = null
  #swipe: number | null = null
  #size = { width: 0, height: 0 }
  #ratio = 1
  #scale = 1
  #corner: Point = { x: 0, y: 0 }
  #isFitted = true
  #cross: Point | null = null
  #moved = 0
  #frame = 0
  #drawing: number | null = null
  /** Whether the last press began a drawing. */
  #drew = false

  /** Draws on the canvas and listens to the element around it, which takes the focus. */
  constructor(canvas: HTMLCanvasElement, pad: HTMLElement, events: ViewerEvents) {
    const context = canvas.getContext('2d')
    if (!context) throw new Error('This browser draws no canvas.')
    this.#canvas = canvas
    this.#pad = pad
    this.#context = context
    this.#events = events
    this.#observer = new ResizeObserver(() => this.#resize())
    this.#observer.observe(canvas)
    const { signal } = this.#abort
    pad.addEventListener('pointerdown', (event) => this.#down(event), { signal })
    pad.addEventListener('pointermove', (event) => this.#move(event), { signal })
    pad.addEventListener('pointerup', (event) => this.#up(event), { signal })
    pad.addEventListener('pointercancel', (event) => this.#cancel(event), { signal })
    pad.addEventListener('pointerleave', () => this.#point(null), { signal })
    pad.addEventListener('dblclick', () => this.#drew || this.fit(), { signal })
    pad.addEventListener('keydown', (event) => this.#key(event), { signal })
    pad.addEventListener('blur', () => this.#setCross(null), { signal })
    pad.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false })
  }

  get scale(): number {
    return this.#scale
  }

  close(): void {
    this.#abort.abort()
    this.#observer.disconnect()
    cancelAnimationFrame(this.#frame)
  }

  /** Shows another image; the place stays if it has the size of the last one. */
  setImage(source: CanvasImageSource | null, width: number, height: number): void {
    const isOther = this.#image?.width !== width || this.#image.height !== height
    this.#image = source && { source, width, height }
    if (isOther) {
      this.#cross = null
      this.fit()
    }
    this.redraw()
  }

  setLayers(layers: readonly Layer[], draw: Draw | null): void {
    this.#layers = layers
    this.#draw = draw
    this.redraw()
  }

  /** The share of the canvas that lies left of the swipe line; null for no line. */
  setSwipe(share: number | null): void {
    this.#swipe = share
    this.redraw()
  }

  fit(): void {
    this.#isFitted = true
    const image = this.#image
    if (!image || this.#size.width === 0) return
    const { width, height } = this.#size
    // A small image is enlarged by whole pixels, as far as it fits.
    const fitting = Math.min(width / image.width, height / image.height)
    this.#scale = fitting
    this.#corner = { x: (width - image.width * fitting) / 2, y: (height - image.height * fitting) / 2 }
    this.#events.onScale?.(this.#scale)
    this.redraw()
  }

  /** Enlarges around a point of the canvas, its middle if none is given. */
  zoom(factor: number, at: Point = { x: this.#size.width / 2, y: this.#size.height / 2 }): void {
    const image = this.#image
    if (!image) return
    const least = Math.min(1, this.#size.width / image.width, this.#size.height / image.height) / 2
    const scale = Math.min(most, Math.max(least, this.#scale * factor))
    const change = scale / this.#scale
    this.#corner = { x: at.x - (at.x - this.#corner.x) * change, y: at.y - (at.y - this.#corner.y) * change }
    this.#scale = scale
    this.#isFitted = false
    this.#hold()
    this.#events.onScale?.(scale)
    this.redraw()
  }

  redraw(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      this.#paint()
    })
  }

  #paint(): void {
    const context = this.#context
    const { width, height } = this.#size
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height)
    const image = this.#image
    if (!image) return
    const scale = this.#scale * this.#ratio
    context.setTransform(scale, 0, 0, scale, this.#corner.x * this.#ratio, this.#corner.y * this.#ratio)
    // Pixels are squares where they are large enough to be told apart.
    context.imageSmoothingEnabled = this.#scale < 3
    context.imageSmoothingQuality = this.#scale < 1 ? 'high' : 'low'
    context.drawImage(image.source, 0, 0, image.width, image.height)
    const line = this.#swipe === null ? null : (width * this.#swipe - this.#corner.x) / this.#scale
    for (const layer of this.#layers) {
      context.save()
      if (line !== null && layer.side) {
        const far = 1e7
        context.beginPath()
        if (layer.side === 'left') context.rect(line - far, -far, far, 2 * far)
        else context.rect(line, -far, far, 2 * far)
        context.clip()
      }
      context.globalAlpha = layer.alpha
      context.drawImage(layer.source, 0, 0, image.width, image.height)
      context.restore()
    }
    if (this.#draw) {
      context.save()
      this.#draw(context, this.#scale)
      context.restore()
    }
    if (this.#cross) this.#paintCross(this.#cross)
    if (this.#swipe !== null) {
      context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0)
      context.fillStyle = 'rgb(255 255 255 / 90%)'
      context.fillRect(width * this.#swipe - 1, 0, 2, height)
    }
  }

  #paintCross(pixel: Point): void {
    const context = this.#context
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0)
    const x = this.#corner.x + (pixel.x + 0.5) * this.#scale
    const y = this.#corner.y + (pixel.y + 0.5) * this.#scale
    for (const [colour, width] of [
      ['rgb(0 0 0 / 80%)', 3],
      ['#fff', 1],
    ] as const) {
      context.strokeStyle = colour
      context.lineWidth = width
      context.beginPath()
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        context.moveTo(x + 4 * dx, y + 4 * dy)
        context.lineTo(x + 14 * dx, y + 14 * dy)
      }
      context.stroke()
    }
  }

  #resize(): void {
    const box = this.#canvas.getBoundingClientRect()
    this.#ratio = devicePixelRatio || 1
    this.#size = { width: box.width, height: box.height }
    this.#canvas.width = Math.max(1, Math.round(box.width * this.#ratio))
    this.#canvas.height = Math.max(1, Math.round(box.height * this.#ratio))
    if (this.#isFitted) this.fit()
    else this.#hold()
    this.redraw()
  }

  /** Keeps a part of the image on the canvas. */
  #hold(): void {
    const image = this.#image
    if (!image) return
    const margin = 48
    const { width, height } = this.#size
    this.#corner = {
      x: Math.min(width - margin, Math.max(margin - image.width * this.#scale, this.#corner.x)),
      y: Math.min(height - margin, Math.max(margin - image.height * this.#scale, this.#corner.y)),
    }
  }

  #at(event: MouseEvent): Point {
    const box = this.#canvas.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  #pixel(at: Point): Point | null {
    const image = this.#image
    if (!image) return null
    const x = Math.floor((at.x - this.#corner.x) / this.#scale)
    const y = Math.floor((at.y - this.#corner.y) / this.#scale)
    return x >= 0 && y >= 0 && x < image.width && y < image.height ? { x, y } : null
  }

  #point(pixel: Point | null): void {
    this.#events.onPoint?.(pixel)
  }

  /** A place of the canvas in the image, not rounded. */
  #place({ x, y }: Point): Point {
    return { x: (x - this.#corner.x) / this.#scale, y: (y - this.#corner.y) / this.#scale }
  }

  #draws(phase: 'start' | 'move' | 'end' | 'cancel', event: PointerEvent): boolean {
    return this.#image !== null && (this.#events.onDraw?.(phase, this.#place(this.#at(event))) ?? false)
  }

  #cancel(event: PointerEvent): void {
    if (event.pointerId === this.#drawing) {
      this.#drawing = null
      this.#draws('cancel', event)
    }
    this.#pointers.delete(event.pointerId)
  }

  #down(event: PointerEvent): void {
    if (event.button > 1) return
    this.#pad.setPointerCapture(event.pointerId)
    if (this.#drawing !== null) {
      this.#draws('cancel', event)
      this.#pointers.set(this.#drawing, this.#at(event))
      this.#drawing = null
    } else if (event.button === 0 && this.#pointers.size === 0 && this.#draws('start', event)) {
      this.#drawing = event.pointerId
      this.#drew = true
      return
    }
    this.#drew = false
    this.#pointers.set(event.pointerId, this.#at(event))
    this.#moved = 0
  }

  #move(event: PointerEvent): void {
    const now = this.#at(event)
    if (event.pointerId === this.#drawing) {
      this.#point(this.#pixel(now))
      this.#draws('move', event)
      return
    }
    const last = this.#pointers.get(event.pointerId)
    if (!last) {
      this.#setCross(null)
      this.#point(this.#pixel(now))
      return
    }
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point)
    const other = others[0]
    this.#moved += Math.hypot(now.x - last.x, now.y - last.y)
    this.#pointers.set(event.pointerId, now)
    if (other) {
      const before = Math.hypot(last.x - other.x, last.y - other.y)
      const after = Math.hypot(now.x - other.x, now.y - other.y)
      if (before > 0) this.zoom(after / before, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 })
    }
    const part = other ? 0.5 : 1
    if (this.#moved <= clickSlackPx) return
    this.#isFitted = false
    this.#corner = { x: this.#corner.x + (now.x - last.x) * part, y: this.#corner.y + (now.y - last.y) * part }
    this.#hold()
    this.redraw()
  }

  #up(event: PointerEvent): void {
    if (event.pointerId === this.#drawing) {
      this.#drawing = null
      this.#draws('end', event)
      return
    }
    this.#pointers.delete(event.pointerId)
    const pixel = this.#pixel(this.#at(event))
    if (this.#moved > clickSlackPx || this.#pointers.size > 0 || !pixel) return
    this.#point(pixel)
    this.#events.onPick?.(pixel)
  }

  #wheel(event: WheelEvent): void {
    if (!this.#image) return
    event.preventDefault()
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / 100 : event.deltaY / 3
    this.zoom(step ** -Math.max(-3, Math.min(3, event.ctrlKey ? lines * 4 : lines)), this.#at(event))
  }

  #setCross(pixel: Point | null): void {
    if (pixel === this.#cross) return
    this.#cross = pixel
    this.redraw()
  }

  /** Arrows move a cross, by a tenth of the picture with Shift; Enter picks its pixel; + − 0 change the scale. */
  #key(event: KeyboardEvent): void {
    const image = this.#image
    if (!image || event.ctrlKey || event.metaKey || event.altKey) return
    const directions: Record<string, readonly [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    }
    const direction = directions[event.key]
    if (direction) {
      const far = event.shiftKey ? Math.max(image.width, image.height) / 10 : Math.max(1, Math.round(1 / this.#scale))
      const from = this.#cross ?? { x: Math.floor(image.width / 2), y: Math.floor(image.height / 2) }
      const inside = (value: number, size: number): number => Math.min(size - 1, Math.max(0, Math.round(value)))
      const cross = { x: inside(from.x + direction[0] * far, image.width), y: inside(from.y + direction[1] * far, image.height) }
      this.#setCross(cross)
      this.#follow(cross)
      this.#point(cross)
    } else if (event.key === 'Enter' && this.#cross) this.#events.onPick?.(this.#cross)
    else if (event.key === '+' || event.key === '=') this.zoom(step)
    else if (event.key === '-') this.zoom(1 / step)
    else if (event.key === '0') this.fit()
    else return
    event.preventDefault()
  }

  /** Moves the image so that a pixel lies on the canvas. */
  #follow(pixel: Point): void {
    const margin = 32
    const x = this.#corner.x + pixel.x * this.#scale
    const y = this.#corner.y + pixel.y * this.#scale
    const into = (at: number, size: number): number => Math.min(0, size - margin - at) + Math.max(0, margin - at)
    const move = { x: into(x, this.#size.width), y: into(y, this.#size.height) }
    if (move.x === 0 && move.y === 0) return
    this.#isFitted = false
    this.#corner = { x: this.#corner.x + move.x, y: this.#corner.y + move.y }
  }
}
