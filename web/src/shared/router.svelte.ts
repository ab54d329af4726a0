// The view is the part of the address behind '#': the server has one page, and back, forward and bookmarks work.

export interface Place {
  view: string
  /** Parts behind the view's name, decoded: '#/runs/first' has 'first'. */
  parts: string[]
  query: URLSearchParams
}

function read(): Place {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2)
  const [view = '', ...parts] = path.split('/').map(decoded)
  return { view, parts: parts.filter((part) => part !== ''), query: new URLSearchParams(query) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

let current = $state.raw(read())
addEventListener('hashchange', () => (current = read()))

export const router = {
  get place(): Place {
    return current
  },
}

/** The address of a place, for links. */
export function addressOf(view: string, parts: string[] = [], query: Record<string, string> = {}): string {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- it is read once
  const asked = new URLSearchParams(query).toString()
  return `#/${[view, ...parts].map(encodeURIComponent).join('/')}${asked ? `?${asked}` : ''}`
}

export function go(view: string, parts: string[] = [], query: Record<string, string> = {}): void {
  location.hash = addressOf(view, parts, query)
}
