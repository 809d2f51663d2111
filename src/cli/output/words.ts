/** The start of an object id; `-` where there is none. */
export function shortId(id: string): string {
  return id === '' ? '-' : id.slice(0, 8)
}
