const MAX_QUOTED = 100

/** A caller's text in a message about it: as JSON writes it, and not much of it. */
export function quoted(text: string): string {
  return text.length > MAX_QUOTED ? `${JSON.stringify(text.slice(0, MAX_QUOTED))}…` : JSON.stringify(text)
}

/** JSON and JavaScript let half of a character pass, which no encoding has. */
export const NOT_TEXT = 'holds half of a character (a lone surrogate), which cannot be sent'
