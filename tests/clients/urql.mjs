// Ask with urql, as its documentation says: a query with variables, one that is wrong, and one that fails in part.
import { Client, cacheExchange, fetchExchange, gql } from '@urql/core'

const client = new Client({ url: process.argv[2], exchanges: [cacheExchange, fetchExchange], preferGetMethod: false })
const page = await client.query(
  gql`query Page($first: Int!) { customers(first: $first) { nodes { id name } } }`, { first: 3 },
).toPromise()
const wrong = await client.query(gql`{ nothing }`, {}).toPromise()
const partly = await client.query(gql`{ viewer { subject } lead(id: "nonsense") { id } }`, {}).toPromise()
console.log(JSON.stringify({
  names: page.data.customers.nodes.map((node) => node.name),
  wrong: wrong.error.graphQLErrors[0].extensions.code,
  partly: { subject: partly.data.viewer.subject, error: partly.error.graphQLErrors[0].extensions.code },
}))
