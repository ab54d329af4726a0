// Every call to the server passes here: its key, its failures, and the words for them.

import { texts } from './language'
import { keys } from './keys.svelte'

/** What an answer's status means. The server's own sentence, which is English, says more, and follows. */
const korean: Record<number, string> = {
  400: '요청이 올바르지 않습니다.',
  403: '이 요청은 허용되지 않습니다.',
  404: '찾을 수 없습니다.',
  409: '지금 상태에서는 할 수 없습니다.',
  412: '그사이에 다른 곳에서 바뀌었습니다.',
  413: '서버가 받는 크기보다 큽니다.',
  415: '읽을 수 있는 이미지 형식이 아닙니다.',
  422: '내용을 처리할 수 없습니다.',
  429: '요청이 너무 많습니다. 잠시 뒤에 다시 시도하세요.',
  500: '서버에서 오류가 났습니다.',
  503: '서버가 지금은 처리할 수 없습니다. 잠시 뒤에 다시 시도하세요.',
  504: '제한 시간 안에 끝나지 않았습니다.',
  507: '디스크에 쓰지 못했습니다. 이전 파일은 그대로 있습니다.',
}

const t = texts(
  {
    unreachable: 'The server cannot be reached. Is it running? Start it with "hwaso serve" and try again.',
    busy: (seconds: string) => `All places of the server are taken. Trying again in ${seconds} s may work.`,
    strange: (status: number) => `The server answered ${status} without a reason.`,
    reason: (_: number, detail: string) => detail,
  },
  {
    unreachable: '서버에 연결할 수 없습니다. 실행 중인지 확인하고 "hwaso serve"로 시작한 뒤 다시 시도하세요.',
    busy: (seconds: string) => `서버의 모든 자리가 사용 중입니다. ${seconds}초 뒤에 다시 시도해 보세요.`,
    strange: (status: number) => `서버가 이유 없이 ${status}(으)로 응답했습니다.`,
    reason: (status: number, detail: string) => (status in korean ? `${korean[status] ?? ''} (서버: ${detail})` : detail),
  },
)

/** A request that failed; the message is for a person. Status 0: no answer came. */
export class ApiError extends Error {
  readonly status: number
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | null

  constructor(status: number, message: string, retryAfter: number | null = null) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.retryAfter = retryAfter
  }
}

export interface Question {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Bytes with their type, or a value that is sent as JSON. */
  body?: Blob | object
  /** Values of the address; those that are undefined are left out, and a list gives its name several times. */
  query?: Record<string, string | number | readonly string[] | undefined>
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** Asks the server. The path is relative to the page, such as 'v1/models'. */
export async function ask(path: string, question: Question = {}): Promise<Response> {
  const { method = 'GET', body, query = {}, headers = {}, signal } = question
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    [value ?? []].flat().map((one) => [name, String(one)]),
  )
  const address = new URL(given.length > 0 ? `${path}?${new URLSearchParams(given).toString()}` : path, document.baseURI)
  const isBytes = body instanceof Blob
  for (;;) {
    const sent = new Headers({ ...headers, ...keys.header })
    const request: RequestInit = { method, headers: sent }
    if (signal) request.signal = signal
    if (body !== undefined) {
      request.body = isBytes ? body : JSON.stringify(body)
      sent.set('Content-Type', isBytes ? body.type || 'application/octet-stream' : 'application/json')
    }
    const answer = await fetch(address, request).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new ApiError(0, t.unreachable)
    })
    if (answer.ok) return answer
    if (answer.status === 401 && (await keys.ask(sent.has('X-API-Key')))) continue
    throw await failureOf(answer)
  }
}

export async function askJson<T>(path: string, question: Question = {}): Promise<T> {
  return (await (await ask(path, question)).json()) as T
}

/** The words for any error that a view catches; null for an abort, which is nobody's failure. */
export function messageOf(error: unknown): string | null {
  if (error instanceof DOMException && error.name === 'AbortError') return null
  return error instanceof Error ? error.message : String(error)
}

async function failureOf(answer: Response): Promise<ApiError> {
  const wait = answer.headers.get('Retry-After')
  const retryAfter = wait !== null && /^\d+$/.test(wait) ? Number(wait) : null
  if (answer.status === 429 && retryAfter !== null) return new ApiError(429, t.busy(String(retryAfter)), retryAfter)
  let detail = ''
  try {
    // A problem document (RFC 9457), or the protocol's {"error"}.
    const problem = (await answer.json()) as { detail?: unknown; error?: unknown }
    const given = problem.detail ?? problem.error
    if (typeof given === 'string') detail = given
  } catch {
    // No JSON: the status says what is known.
  }
  return new ApiError(answer.status, detail === '' ? t.strange(answer.status) : t.reason(answer.status, detail), retryAfter)
}
