// Read what belongs to many customers at once.
import DataLoader from 'dataloader'
import { BOOKING_STATUS, LEAD_STATUS, bookingId, leadId, said } from './values.js'

const COUNTED_LEADS = {
  name: 'counted-leads',
  text: 'SELECT customer_id, count(*) FROM leads WHERE customer_id = ANY($1::bigint[]) GROUP BY 1',
  rowMode: 'array'
}
const COUNTED_BOOKINGS = {
  name: 'counted-bookings',
  text: `SELECT customer_id, count(*),
      min(start_at) FILTER (WHERE status IN ('confirmed', 'rescheduled', 'on_site', 'done', 'invoiced'))
    FROM bookings WHERE customer_id = ANY($1::bigint[]) GROUP BY 1`,
  rowMode: 'array'
}
const REVENUE = {
  name: 'revenue',
  text: `SELECT customer_id, sum(total) FROM quotes
    WHERE status = 'accepted' AND customer_id = ANY($1::bigint[]) GROUP BY 1`,
  rowMode: 'array'
}
const LEADS = {
  name: 'leads',
  text: `SELECT owner, child.* FROM unnest($1::bigint[]) AS owner CROSS JOIN LATERAL (
      SELECT id, status, source, created_at FROM leads WHERE customer_id = owner
      ORDER BY created_at DESC, id DESC LIMIT $2) AS child`,
  rowMode: 'array'
}
const BOOKINGS = {
  name: 'bookings',
  text: `SELECT owner, child.* FROM unnest($1::bigint[]) AS owner CROSS JOIN LATERAL (
      SELECT id, status, start_at, start_at + make_interval(mins => minutes) FROM bookings WHERE customer_id = owner
      ORDER BY start_at DESC, id DESC LIMIT $2) AS child`,
  rowMode: 'array'
}

const CUSTOMERS = {
  name: 'customers',
  text: 'SELECT id, name, email, phone, created_at FROM customers WHERE id = ANY($1::bigint[])'
}
const makeLead = ([, id, status, source, createdAt]) =>
  ({ id: leadId(id), status: LEAD_STATUS[status] ?? 'UNKNOWN', source: said(source), createdAt })
const makeBooking = ([, id, status, startAt, endAt]) =>
  ({ id: bookingId(id), status: BOOKING_STATUS[status] ?? 'UNKNOWN', startAt, endAt })

// The loaders of Mercurius: each is asked once for all customers of a page.
export function loaders (pool, { accounts, deliveries }) {
  const children = (statement, make) => async (queries) => {
    const found = new Map(queries.map(({ obj }) => [obj.key, []]))
    const { first } = queries[0].params
    const keys = [...found.keys()].filter((key) => key !== null)
    for (const row of keys.length ? (await pool.query({ ...statement, values: [keys, first] })).rows : []) {
      found.get(row[0]).push(make(row))
    }
    return queries.map(({ obj }) => ({ nodes: found.get(obj.key) }))
  }
  const keysOf = (queries) => queries.map(({ obj }) => obj.key).filter((key) => key !== null)
  const none = Object.freeze({ amount: '0.00' })
  return {
    Customer: {
      async totalLeads (queries) {
        const { rows } = await pool.query({ ...COUNTED_LEADS, values: [keysOf(queries)] })
        const found = new Map(rows)
        return queries.map(({ obj }) => Number(found.get(obj.key) ?? 0))
      },
      async totalRevenue (queries) {
        const { rows } = await pool.query({ ...REVENUE, values: [keysOf(queries)] })
        const found = new Map(rows)
        return queries.map(({ obj }) => (found.has(obj.key) ? { amount: found.get(obj.key) } : none))
      },
      leads: children(LEADS, makeLead),
      bookings: children(BOOKINGS, makeBooking),
      account: async (queries, { app, ...context }) => accounts(queries.map(({ obj }) => obj)),
      delivery: async (queries, { app, ...context }) => deliveries(queries.map(({ obj }) => obj))
    }
  }
}

// What two fields share is asked for once.
export function bookingStats (pool) {
  const none = Object.freeze([null, 0, null])
  return new DataLoader(async (keys) => {
    const { rows } = await pool.query({ ...COUNTED_BOOKINGS, values: [keys] })
    const found = new Map(rows.map((row) => [row[0], row]))
    return keys.map((key) => found.get(key) ?? none)
  })
}

export async function customersByKey (pool, keys) {
  return (await pool.query({ ...CUSTOMERS, values: [keys] })).rows
}
