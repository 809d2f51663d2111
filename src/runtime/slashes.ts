/** A URL or path without the slashes at its end. `/\/+$/` would read each run of slashes once for each of them. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === '/') end--
  return text.slice(0, end)
}
