import { rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ReloadingFile } from '../../../src/service/access/reloading-file.js'
import { SettingError } from '../../../src/settings/setting-error.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

async function open(t: Test, first: string) {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'file')
  await writeFile(path, first)
  const stale: string[] = []
  const reads: string[] = []
  const parse = (text: string) => {
    reads.push(text)
    if (text.startsWith('bad')) throw new Error('is bad')
    return text
  }
  const onReloadFailed = (error: SettingError) => stale.push(error.message)
  const file = await ReloadingFile.open({ setting: 'GITSYNC_FILE', path, parse, onReloadFailed })
  return { folder, path, file, stale, reads }
}

t.test('a file that has not changed is read once', async (t) => {
  const { file, reads } = await open(t, 'one')
  for (let i = 0; i < 5; i++) t.equal(await file.read(), 'one')
  t.strictSame(reads, ['one'])
})

t.test('a change is seen at the next look, also one of the same length', async (t) => {
  const { path, file } = await open(t, 'one')
  await writeFile(path, 'two')
  t.equal(await file.read(), 'two')
})

t.test('a file that is replaced, or a link that leads elsewhere, is a change', async (t) => {
  const { folder, path, file } = await open(t, 'one')
  await writeFile(join(folder, 'other'), 'two')
  await rename(join(folder, 'other'), path)
  t.equal(await file.read(), 'two')
  await writeFile(join(folder, 'third'), 'three')
  await rm(path)
  await symlink('third', path)
  t.equal(await file.read(), 'three')
})

t.test(
  'an unusable file keeps the previous contents, is reported once, and is used again when repaired',
  async (t) => {
    const { path, file, stale } = await open(t, 'one')
    await writeFile(path, 'bad T0KEN')
    t.equal(await file.read(), 'one')
    t.equal(await file.read(), 'one')
    t.strictSame(stale, ['GITSYNC_FILE is bad'])
    await rm(path)
    t.equal(await file.read(), 'one')
    t.equal(await file.read(), 'one')
    t.match(stale[1], /^GITSYNC_FILE cannot be read: ENOENT/)
    t.equal(stale.length, 2)
    await writeFile(path, 'two')
    t.equal(await file.read(), 'two')
  },
)

t.test('at the start it must be usable', async (t) => {
  const options = {
    setting: 'GITSYNC_FILE',
    parse: () => t.fail('nothing to read'),
    onReloadFailed: () => {},
  }
  await t.rejects(
    ReloadingFile.open({ ...options, path: join(await temporaryFolder(t), 'none') }),
    SettingError,
  )
  await t.rejects(open(t, 'bad'), { message: 'GITSYNC_FILE is bad' })
})
