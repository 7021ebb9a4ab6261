// Run the audits of GraphQL over HTTP against the address that is given, and print what came of each.
import { serverAudits } from 'graphql-http'

const results = []
for (const audit of serverAudits({ url: process.argv[2] })) {
  const result = await audit.fn()
  results.push({ id: audit.id, name: audit.name, status: result.status, reason: result.reason })
}
console.log(JSON.stringify(results))
