import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { configEnv, gitWith } from '../git/git.js'

/** A work tree with git-lfs's own client in it. */
export class LfsClone {
  constructor(readonly dir: string) {}

  /** An empty one, whose `.bin` files are LFS objects. */
  static async create(dir: string): Promise<LfsClone> {
    const clone = new LfsClone(dir)
    await mkdir(dir, { recursive: true })
    await clone.git('init', '--quiet', '--initial-branch=main', '--template=')
    await clone.git('lfs', 'install', '--local')
    await writeFile(join(dir, '.gitattributes'), '*.bin filter=lfs diff=lfs merge=lfs -text\n')
    return clone
  }

  /** A clone of a remote without any object but git's. */
  static async of(url: string, dir: string): Promise<LfsClone> {
    const clone = new LfsClone(dir)
    await mkdir(dirname(dir), { recursive: true })
    await gitWith(dirname(dir), { env: { ...ENV, GIT_LFS_SKIP_SMUDGE: '1' } }, 'clone', '--quiet', url, dir)
    await clone.git('lfs', 'install', '--local', '--skip-smudge')
    return clone
  }

  git(...args: string[]): Promise<string> {
    return gitWith(this.dir, { env: ENV }, ...args)
  }

  /** Commits files; gives the new tip. */
  async commit(files: Record<string, string | Buffer>): Promise<string> {
    for (const [path, contents] of Object.entries(files)) {
      await mkdir(dirname(join(this.dir, path)), { recursive: true })
      await writeFile(join(this.dir, path), contents)
    }
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--message=files')
    return this.git('rev-parse', 'HEAD')
  }

  /** Brings all LFS objects of the remote, and proves that each is what its pointer says. */
  async fetchAndCheck(): Promise<void> {
    await this.git('lfs', 'fetch', '--all', 'origin')
    await this.git('lfs', 'fsck')
  }
}

// A pre-push hook of git-lfs asks for locks, which a mirror has none of.
const ENV = configEnv({
  'lfs.locksverify': 'false',
  'lfs.basictransfersonly': 'true',
  'lfs.activitytimeout': '0',
})
