// Servers say why they refuse a push in free text: in the unpack line, in `ng` lines, on bands 2 and 3, in the body of an
// HTTP error. The words of each were taken from its source code or its documentation. All expressions are linear.

/** Why a target refused a push, as far as its own words tell. */
export type RefusalCause =
  /** The pack is too large: fewer objects at a time may pass. */
  | 'pack-size'
  /** Too many refs in one push: fewer at a time may pass. */
  | 'ref-count'
  /** Objects that its checks refuse, whatever comes with them. */
  | 'contents'
  /** It lacks LFS objects that pointers name. */
  | 'lfs-objects'
  /** No room for the repository: quota or disk. */
  | 'storage'
  /** The server's own trouble: permissions, memory, time. */
  | 'server'

/** A cause, and the line that shows it. */
export interface Refusal {
  cause: RefusalCause
  line: string
}

// git's "pack exceeds maximum allowed size (%s)" as its translations have it.
const GIT_PACK_SIZE = [
  'pack exceeds maximum allowed size',
  'Paket überschreitet die maximal erlaubte Größe',
  'paquet dépasse la taille maximale permise',
  'pack excede el tamaño máximo permitido',
  'pacote excede o tamanho máximo permitido',
  'paquet supera la mida màxima permesa',
  'paket är större än tillåten maximal storlek',
  'paket izin verilen en büyük boyutu aşıyor',
  'paket melebihi ukuran maksimum yang diperbolehkan',
  'пакетният файл надвишава максималния възможен размер',
  'gói đã vượt quá cỡ tối đa được phép',
  '包超过了最大允许大小',
  '包超過了最大允許大小',
]

/** The first that matches a line decides the cause: words that leave no doubt come before general ones. */
const WORDS: readonly [RefusalCause, RegExp][] = [
  ['pack-size', new RegExp(GIT_PACK_SIZE.join('|'), 'i')],
  // JGit and Gerrit; Azure DevOps.
  ['pack-size', /\bpack exceeds the limit of\b|\bTF402462\b|\blimit for pushes\b/i],
  // GitHub; GitLab's integrity check.
  ['lfs-objects', /\bGH008\b|\bunknown git lfs objects?\b|\blfs objects? (?:are|is) missing\b/i],
  // git's fsck, whose word no translation changes, and its message ids (missingEmail).
  ['contents', /fsck|\bobject [0-9a-f]{40,64}: [a-z]+[A-Z]\w*:/i],
  // Files and objects: GitHub, GitLab's push rules, JGit's maxObjectSizeLimit, Bitbucket.
  ['contents', /\bGH001\b|\blarge files? detected\b|\b(?:file|object|blob)[ -]size\b/i],
  [
    'contents',
    /(?<!pack )\b(?:files?|objects?|blobs?)\b.{0,100}\b(?:exceeds?|larger than|too (?:large|big))\b/i,
  ],
  ['storage', /\bquota\b|\bEDQUOT\b|\bENOSPC\b|\bno space left\b|\bdisk (?:is )?full\b|\bstorage\b/i],
  ['storage', /\brepository\b.{0,60}\b(?:exceed(?:s|ed)?|size limit|over (?:its|the)|read-only)\b/i],
  ['ref-count', /\bmore than \w+ (?:branch|tag|ref)/i],
  ['ref-count', /\btoo many (?:\w+ )?(?:refs|references|branches|tags|commands|updates)\b/i],
  [
    'ref-count',
    /\b(?:refs|references|branches|tags|updates|commands)\b.{0,30}\b(?:per|in (?:a|one)(?: single)?) push\b/i,
  ],
  ['ref-count', /\b(?:up to|at most|limit of) [\d.,]{1,9} (?:\w+ )?(?:refs|references|branches|tags)\b/i],
  ['ref-count', /\bnumber of (?:\w+ )?(?:refs?|references|branches|tags)\b/i],
  ['ref-count', /\b\d{1,9} (?:refs|references|branches|tags)\b.{0,40}\bexceed/i],
  ['ref-count', /\bmaxCommandBytes\b/i],
  [
    'pack-size',
    /\b(?:push|pack(?: ?file)?|request|upload|payload|body|entity|content)(?: (?:is|was|too))* too (?:large|big)\b/i,
  ],
  [
    'pack-size',
    /\b(?:push|pack(?: ?file)?|request|upload|payload|body|input)(?:es)?\b.{0,80}\b(?:exceed(?:s|ed)?|(?:greater|larger|bigger) than)\b/i,
  ],
  ['pack-size', /\b(?:push|pack(?: ?file)?|input|request|upload|payload|body) size\b|\bmaxInputSize\b/i],
  ['pack-size', /\bpush\b.{0,80}\b(?:over|above|more than)\b.{0,30}\d ?[kmgt]i?b\b/i],
  // Gerrit's receive.maxBatchCommits.
  ['pack-size', /\bmore than [\d.,]+ commits\b/i],
  [
    'server',
    /\bpermission|\bdenied\b|\bread-only\b|\bout of memory\b|\bENOMEM\b|\bEACCES\b|\btimed? ?out\b/i,
  ],
  ['server', /\bmalloc\b|\bunable to (?:create|write|open)\b|\bfailed to (?:create|write|open)\b/i],
]

/** Why a push was refused. `words` holds one remark of the target a line. */
export function causeOfRefusal(words: string): Refusal | undefined {
  const lines = words.split('\n')
  for (const [cause, pattern] of WORDS) {
    const line = lines.find((text) => pattern.test(text))
    if (line !== undefined) return { cause, line: line.trim() }
  }
  return undefined
}

// A reason that hangs on its ref alone: it would be refused in any other company too.
const ABOUT_ONE_REF =
  /^(?:hook declined|protected|deny |deletion |branch is currently|non-fast|funny ref|failed to |reference already|refusing |prohibited|stale|inconsistent|aliased)/i

/** Whether the reason of an `ng` line is about its ref, not about the push that it came in. */
export function isAboutOneRef(reason: string): boolean {
  return ABOUT_ONE_REF.test(reason)
}

const SIZE =
  /(\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3}){1,5}|\d{1,15}(?:[.,]\d{1,2})?)[ \u00a0]?(bytes?|octets?|b|[kmgt]i?[bo]|[кмгт]?и?б|байт|字节|位元組|バイト|바이트)(?![a-zа-я])/giu
const POWERS: Record<string, number> = { k: 1, к: 1, m: 2, м: 2, g: 3, г: 3, t: 4, т: 4 }

/** The sizes that a text names, in bytes. */
export function namedSizes(words: string): number[] {
  return [...words.matchAll(SIZE)].map(([, digits = '', unit = '']) => {
    const isGrouped = /\D\d{3}$/.test(digits)
    const value = Number(isGrouped ? digits.replace(/\D/g, '') : digits.replace(',', '.'))
    const power = POWERS[unit.charAt(0).toLowerCase()] ?? 0
    // Units without an "i" are mostly meant as binary too; the decimal ones are smaller, so that both will do.
    return value * (/[iи]/i.test(unit.charAt(1)) ? 1024 : 1000) ** power
  })
}

const COUNTS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

/** How many refs a push may have, where a refusal says so. */
export function namedRefCount(line: string): number | undefined {
  const [, word = ''] = /\bmore than (\w+) (?:branch|tag|ref)/i.exec(line) ?? /\b(\d{1,6})\b/.exec(line) ?? []
  const count = /^\d+$/.test(word) ? Number(word) : COUNTS.indexOf(word.toLowerCase()) + 1
  return count > 0 ? count : undefined
}
