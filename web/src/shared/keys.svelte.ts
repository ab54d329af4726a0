// The key of a server that wants one. It is kept until the tab is closed, and sent in a header only.

const place = 'hwaso-key'

let key = $state(sessionStorage.getItem(place) ?? '')
let waiting = $state.raw<{ wasWrong: boolean; answer: (given: boolean) => void } | null>(null)
let asked: Promise<boolean> | null = null

export const keys = {
  get header(): Record<string, string> {
    return key === '' ? {} : { 'X-API-Key': key }
  },

  /** The question that waits for a person; null for none. */
  get question(): { wasWrong: boolean } | null {
    return waiting
  },

  /** Asks a person for a key, once for all calls that wait; false if none is given. */
  ask(wasWrong: boolean): Promise<boolean> {
    asked ??= new Promise<boolean>((resolve) => (waiting = { wasWrong, answer: resolve })).finally(() => {
      waiting = null
      asked = null
    })
    return asked
  },

  give(text: string): void {
    key = text.trim()
    sessionStorage.setItem(place, key)
    waiting?.answer(key !== '')
  },

  refuse(): void {
    waiting?.answer(false)
  },
}
