import type { LookupAddress } from 'node:dns'

export const LOOPBACK = { address: '127.0.0.1', family: 4 }
export const PUBLIC = { address: '140.82.121.4', family: 4 }

/** Name resolution by a table, which keeps what it was asked; a name may have another answer each time. */
export function resolver(names: Record<string, LookupAddress[][]>) {
  const asked: string[] = []
  const lookup = async (hostname: string) => {
    const answers = names[hostname] ?? []
    const nth = asked.filter((name) => name === hostname).length
    asked.push(hostname)
    const answer = answers[Math.min(nth, answers.length - 1)]
    if (!answer) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' })
    return answer
  }
  return { asked, lookup }
}
