import t from 'tap'
import { negotiate, type ResponseForm } from '../../../src/service/response/content-negotiation.js'

const table: [header: string | undefined, form: ResponseForm | undefined, why: string][] = [
  [undefined, 'stream', 'no header'],
  ['', 'stream', 'an empty header'],
  ['  ', 'stream', 'a blank header'],
  ['*/*', 'stream', "curl's and fetch's"],
  ['*/*;q=0.1', 'stream', 'anything, whatever its weight'],
  ['application/json', 'document', 'the document by name'],
  ['application/x-ndjson', 'stream', 'the stream by name'],
  ['application/*', 'document', 'a range that both fit, which is a tie'],
  ['application/*;q=0.2', 'document', 'the same with a weight'],
  ['application/json, application/x-ndjson', 'document', 'both alike'],
  ['application/x-ndjson, application/json', 'document', 'both alike, in the other order'],
  ['application/json;q=0.5, application/x-ndjson;q=0.5', 'document', 'both alike, with weights'],
  ['application/json;q=0.5, application/x-ndjson', 'stream', 'the stream rated higher'],
  ['application/json, application/x-ndjson;q=0.9', 'document', 'the document rated higher'],
  ['application/json;q=0.001, application/x-ndjson;q=0', 'document', 'the stream excluded'],
  ['application/json, */*', 'document', "axios' header: a tie by the wildcard"],
  ['application/json, text/plain, */*', 'document', "axios' own"],
  ['application/json;q=0.9, */*', 'stream', 'the wildcard rates the stream higher'],
  ['application/json;q=0.9, */*;q=0.8', 'document', 'the wildcard rates the stream lower'],
  ['application/*;q=0.5, */*', 'document', 'the narrower range has the say for both'],
  ['application/*;q=0.5, application/x-ndjson', 'stream', 'the name has the say over the range'],
  ['application/x-ndjson;q=0.4, application/*;q=0.5', 'document', 'the range rates the document higher'],
  ['application/json;q=0, application/*', 'stream', 'the document excluded from the range'],
  ['application/json;q=0, */*', 'stream', 'the document excluded from everything'],
  ['application/x-ndjson;q=0, */*', 'document', 'the stream excluded: the document is what is left'],
  ['application/x-ndjson;q=0, application/*', 'document', 'the stream excluded from the range'],
  ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', 'stream', "a browser's"],
  ['APPLICATION/JSON', 'document', 'letter case does not matter'],
  ['application/json;charset=utf-8', 'document', 'a parameter'],
  ['application/json; charset=utf-8; Q=0.4, application/x-ndjson;q=0.5', 'stream', 'a weight behind another'],
  ['  application/json  ;  q=1.000  ', 'document', 'spaces'],
  [',application/json,', 'document', 'empty members'],
  ['application/json;q=0', undefined, 'the document excluded, and nothing else named'],
  ['application/json;q=0.0, application/x-ndjson;q=0.000', undefined, 'both excluded'],
  ['application/*;q=0, */*', undefined, 'both excluded by their range'],
  ['*/*;q=0', undefined, 'everything excluded'],
  ['text/html', undefined, 'something else'],
  ['text/*', undefined, 'a range of something else'],
  ['application/problem+json', undefined, 'what only errors have'],
  ['application/jsonl', undefined, 'a name that only begins alike'],
  ['application/x-ndjson;q=nonsense', undefined, 'a weight that is none excludes'],
  ['application/json;q=2', undefined, 'a weight beyond 1 excludes'],
  ['application/json;q=-1, text/html', undefined, 'a weight below 0 excludes'],
]

for (const [header, form, why] of table) {
  t.test(`${why}: ${JSON.stringify(header)}`, async (t) => {
    t.equal(negotiate(header), form)
  })
}
