// Page through customers with Apollo Client, as its documentation says, and answer what it has in its cache.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { CombinedGraphQLErrors } from '@apollo/client/errors'
import { filter, firstValueFrom } from 'rxjs'
import { relayStylePagination } from '@apollo/client/utilities'

const client = new ApolloClient({
  link: new HttpLink({ uri: process.argv[2] }),
  cache: new InMemoryCache({ typePolicies: { Query: { fields: { customers: relayStylePagination() } } } }),
})
const query = gql`
  query Page($after: String) {
    customers(first: 5, after: $after) {
      edges { cursor node { id name totalLeads totalRevenue { amount currency } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`
const page = client.watchQuery({ query })
const watching = page.subscribe(() => {})
const first = await firstValueFrom(page.pipe(filter((result) => !result.loading)))
await page.fetchMore({ variables: { after: first.data.customers.pageInfo.endCursor } })
const both = client.readQuery({ query })
watching.unsubscribe()

const failed = await client.query({ query: gql`{ lead(id: "nonsense") { id } }`, errorPolicy: 'none' }).catch((error) => error)
console.log(JSON.stringify({
  names: both.customers.edges.map((edge) => edge.node.name),
  error: CombinedGraphQLErrors.is(failed) ? failed.errors[0].extensions.code : String(failed),
}))
