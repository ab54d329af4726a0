import type { Model } from '../../shared/models.svelte'

/** Whether a network can run in the browser: one that answers labels and takes colours in the usual order. */
export function runsHere({ preparation, address }: Model): boolean {
  const [, channels = 3] = preparation?.input ?? []
  return address?.endsWith('/segment') === true && preparation?.channels === 3 && (channels === 3 || channels === -1)
}
