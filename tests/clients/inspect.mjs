// GraphQL Inspector, in JSON: `diff OLD NEW…` says what of the old schema each new one breaks, `similar SCHEMA` which types
// are all but the same, `validate SCHEMA DOCUMENT…` which documents do not fit or ask for what is deprecated.
import { CriticalityLevel, diff, similar, validate } from '@graphql-inspector/core'
import { Source, buildSchema } from 'graphql'
import { readFileSync } from 'node:fs'

const [what, ...paths] = process.argv.slice(2)
const texts = paths.map((path) => readFileSync(path, 'utf8'))

async function broken(released, now) {
  const found = (await diff(released, now)).filter(
    ({ criticality, type }) => criticality.level === CriticalityLevel.Breaking || type.includes('_DEFAULT_'),
  )
  // What is said of a root type as such has no path; the type itself has one.
  return found.flatMap(({ path }) => path ?? [])
}

const told = {
  diff: () => Promise.all(texts.slice(1).map((text) => broken(buildSchema(texts[0]), buildSchema(text)))),
  similar: () => similar(buildSchema(texts[0]), undefined, 0.95),
  validate: () =>
    validate(buildSchema(texts[0]), texts.slice(1).map((text, index) => new Source(text, paths[index + 1]))),
}
console.log(JSON.stringify(await told[what]()))
