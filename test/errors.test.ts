import t from 'tap'
import { GitSyncError } from '../src/index.js'

t.test('a message ends with one stop, whatever the words that it repeats end with', async (t) => {
  for (const said of ['disk full.', 'why?', 'no!', 'wait…']) {
    t.equal(new GitSyncError('internal', `The target says: ${said}.`).message, `The target says: ${said}`)
  }
  t.equal(new GitSyncError('internal', 'It failed.').message, 'It failed.')
})
