// Page, write and read again with Relay's own store and what its compiler made, as a frontend's components let it do.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { ConnectionHandler, Environment, Network, RecordSource, Store, commitLocalUpdate, commitMutation, fetchQuery } =
  require('relay-runtime')
const made = (name) => require(`./__generated__/${name}.graphql`)

const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(async ({ text }, variables) => {
    const answer = await fetch(process.argv[2], {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, variables }),
    })
    return answer.json()
  }),
})
const ask = (name, variables) => fetchQuery(environment, made(name), variables).toPromise()
const write = (name, variables) =>
  new Promise((onCompleted, onError) => commitMutation(environment, { mutation: made(name), variables, onCompleted, onError }))

/** Answer what the store holds of a connection: of each item what is asked for, and the cursor to go on with. */
function held(owner, key, field, filters) {
  let found
  commitLocalUpdate(environment, (store) => {
    const parent = owner ? store.get(owner) : store.getRoot()
    const connection = ConnectionHandler.getConnection(parent, key, filters)
    found = {
      items: connection.getLinkedRecords('edges').map((edge) => edge.getLinkedRecord('node').getValue(field)),
      ...Object.fromEntries(
        ['endCursor', 'startCursor', 'hasNextPage', 'hasPreviousPage'].map((name) => [
          name,
          connection.getLinkedRecord('pageInfo').getValue(name),
        ]),
      ),
    }
  })
  return found
}

// Two pages of all customers.
await ask('customersPageQuery', { count: 15, cursor: null })
const { endCursor } = held(null, 'customers_customers', 'name')
await ask('customersPageQuery', { count: 15, cursor: endCursor })
const names = held(null, 'customers_customers', 'name').items
const [id] = held(null, 'customers_customers', 'id').items.slice(Number(process.argv[3]))

// All leads and everything that happened of one of them, one at a time; its bookings from the end.
async function all(query, key, field) {
  for (let cursor = null, more = true; more; ) {
    await ask(query, { id, count: 1, cursor })
    ;({ endCursor: cursor, hasNextPage: more } = held(id, key, field))
  }
  return held(id, key, field).items
}
const leads = await all('customersLeadsQuery', 'customers_leads', 'id')
const timeline = await all('customersTimelineQuery', 'customers_timeline', '__typename')

const filter = { createdIn: { from: '2000-01-01T00:00:00Z' } }
async function backwards(before) {
  await ask('customersBookingsQuery', { id, last: 1, before, filter })
  const { hasPreviousPage, startCursor } = held(id, 'customers_bookings', 'id', { filter })
  return hasPreviousPage ? backwards(startCursor) : held(id, 'customers_bookings', 'id', { filter }).items
}
const bookings = await backwards(null)

// A note that is written stands first in the list that is there; a new name everywhere.
await ask('customersNotesQuery', { id, count: 5, cursor: null })
const connections = [ConnectionHandler.getConnectionID(id, 'customers_notes')]
const before = held(id, 'customers_notes', 'text').items
await write('customersAddNoteMutation', { input: { customerId: id, text: 'Called back.' }, connections })
const [note, ...rest] = held(id, 'customers_notes', 'text').items
await write('customersRenameMutation', { input: { id, name: 'Renamed Somebody' } })
const renamed = held(null, 'customers_customers', 'name').items[Number(process.argv[3])]

console.log(
  JSON.stringify({ names, leads, timeline, bookings, note, kept: rest.length === before.length, renamed }),
)
