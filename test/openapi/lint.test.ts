import { createConfig, lint } from '@redocly/openapi-core'
import t from 'tap'
import { projectFile } from '../../testing/project/project.js'

t.test('the document passes the linter without a word', async (t) => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      'no-invalid-media-type-examples': 'error',
      'no-invalid-schema-examples': 'error',
      'component-name-unique': 'error',
      'operation-description': 'off',
      // Routes about the process itself have no invalid requests.
      'operation-4xx-response': 'off',
    },
  })
  const problems = await lint({ ref: projectFile('openapi/openapi.json'), config })
  t.strictSame(
    problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    [],
  )
})

t.test('the linter would have something to say of a document that is wrong', async (t) => {
  const config = await createConfig({ extends: ['recommended-strict'] })
  const folder = t.testdir({ 'wrong.json': '{"openapi":"3.1.0","info":{"title":"x"},"paths":{}}' })
  const problems = await lint({ ref: `${folder}/wrong.json`, config })
  t.ok(problems.length > 0)
})
