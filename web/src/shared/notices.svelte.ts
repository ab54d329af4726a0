// Short messages at the page's edge: failures stay until they are closed, the rest goes by itself.

import { messageOf } from './api'

export interface Notice {
  id: number
  kind: 'failure' | 'news'
  text: string
}

const newsMs = 5000
let last = 0
let all = $state.raw<Notice[]>([])

function add(kind: Notice['kind'], text: string): void {
  // The same failure twice is one.
  if (all.some((notice) => notice.kind === kind && notice.text === text)) return
  const id = ++last
  all = [...all.slice(-3), { id, kind, text }]
  if (kind === 'news') setTimeout(() => notices.close(id), newsMs)
}

export const notices = {
  get all(): readonly Notice[] {
    return all
  },
  tell(text: string): void {
    add('news', text)
  },
  /** Shows why something failed; an abort is no failure. */
  fail(error: unknown): void {
    const text = messageOf(error)
    if (text !== null) add('failure', text)
  },
  /** Closes failures, which were another view's. */
  forget(): void {
    all = all.filter(({ kind }) => kind !== 'failure')
  },
  close(id: number): void {
    all = all.filter((notice) => notice.id !== id)
  },
}
