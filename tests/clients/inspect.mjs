// GraphQL Inspector, in JSON: `diff OLD NEW…` says what of the old schema each new one breaks, `similar SCHEMA` which types
// are all but the same, `validate SCHEMA DOCUMENT…` which documents do not fit or ask for what is deprecated,
// `introspect SCHEMA URL` in what the schema that is told at an address is another.
import { CriticalityLevel, diff, similar, validate } from '@graphql-inspector/core'
import { Source, buildClientSchema, buildSchema, getIntrospectionQuery } from 'graphql'
import { readFileSync } from 'node:fs'

const [what, ...paths] = process.argv.slice(2)
const texts = paths.filter((path) => !path.startsWith('http:')).map((path) => readFileSync(path, 'utf8'))

async function broken(released, now) {
  const found = (await diff(released, now)).filter(
    ({ criticality, type }) => criticality.level === CriticalityLevel.Breaking || type.includes('_DEFAULT_'),
  )
  // What is said of a root type as such has no path; the type itself has one.
  return found.flatMap(({ path }) => path ?? [])
}

async function introspected(url) {
  const everything = {
    descriptions: true,
    directiveIsRepeatable: true,
    inputValueDeprecation: true,
    oneOf: true,
    schemaDescription: true,
    specifiedByUrl: true,
  }
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery(everything) }),
  })
  return buildClientSchema((await response.json()).data)
}

const told = {
  diff: () => Promise.all(texts.slice(1).map((text) => broken(buildSchema(texts[0]), buildSchema(text)))),
  similar: () => similar(buildSchema(texts[0]), undefined, 0.95),
  validate: () =>
    validate(buildSchema(texts[0]), texts.slice(1).map((text, index) => new Source(text, paths[index + 1]))),
  async introspect() {
    const changes = await diff(buildSchema(texts[0]), await introspected(paths[1]))
    // Introspection does not say where directives are applied.
    return changes.filter(({ type }) => !type.startsWith('DIRECTIVE_USAGE')).map(({ message }) => message)
  },
}
console.log(JSON.stringify(await told[what]()))
