import type { ServiceStats } from '../../../schemas/result.js'

/** Counts requests and body bytes, as sent, by side, service and statsLabel: `source git-upload-pack info-refs`. */
export class Traffic {
  readonly items = new Map<string, ServiceStats>()

  item(side: string, service: string, statsLabel: string): ServiceStats {
    const name = `${side} ${service} ${statsLabel}`
    let item = this.items.get(name)
    if (!item) {
      item = { name, requests: 0, requestBytes: 0, responseBytes: 0, wants: 0, haves: 0, commands: 0 }
      this.items.set(name, item)
    }
    return item
  }

  /** Bytes of all bodies of a side, both ways. */
  bytes(side: string): number {
    return [...this.items.values()]
      .filter(({ name }) => name.startsWith(`${side} `))
      .reduce((sum, { requestBytes, responseBytes }) => sum + requestBytes + responseBytes, 0)
  }
}
