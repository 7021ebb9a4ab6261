// Serve the schema on 127.0.0.1: PORT, POSTGRES_URL and MONGO_URL (empty: there is none) come from the environment.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { Customers, ofRow } from './documents.js'
import { bookingStats, customersByKey, loaders } from './loaders.js'
import { schema } from './schema.js'
import { DELIVERY_STATUS, customerId, instant, keyOf, said } from './values.js'

const TIMESTAMPTZ = 1184
pg.types.setTypeParser(TIMESTAMPTZ, instant)

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL, max: 10, options: '-c timezone=UTC' })
const database = process.env.MONGO_URL ? new MongoClient(process.env.MONGO_URL).db() : undefined
const customers = new Customers(pool, database)

const resolvers = {
  Query: {
    customers: async (_, { first }) => ({ nodes: await customers.page(first) }),
    customer: async (_, { id }) => {
      const [row] = await customersByKey(pool, [keyOf(id)])
      return row ? ofRow(row) : null
    }
  },
  Customer: {
    id: (one) => (one.kind === 'CRM' ? customerId(one.key) : customerId(one.id, one.kind)),
    name: (one) => one.name || one.email || one.phone || one.key || one.id,
    totalBookings: async (one, _, context) =>
      one.key === null ? 0 : Number((await context.bookingStats.load(one.key))[1]),
    analytics: (one) => one
  },
  Analytics: {
    firstBookingAt: async (one, _, context) =>
      one.key === null ? null : (await context.bookingStats.load(one.key))[2]
  },
  Account: { email: (one) => said(one.email), isActive: (one) => one.is_active === true },
  Delivery: {
    address: (one) => said(one.address),
    area: (one) => said(one.area),
    status: (one) => DELIVERY_STATUS[one.status] ?? 'UNKNOWN'
  }
}

const app = Fastify()
app.register(mercurius, {
  schema,
  resolvers,
  loaders: loaders(pool, customers),
  context: () => ({ bookingStats: bookingStats(pool) }),
  jit: 1,
  path: '/graphql'
})
app.get('/healthz', async () => 'ok\n')
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
