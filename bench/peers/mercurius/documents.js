// Accounts and delivery records, and the list of the customers of all stores.
import { instantOf, instantOfText, said } from './values.js'

const PAGE = {
  name: 'page',
  text: 'SELECT id, name, email, phone, created_at FROM customers ORDER BY created_at DESC, id DESC LIMIT $1'
}
const ORDER = { created_at: -1, id: -1 }
const ALONE = { crm_customer_id: { $exists: false } }
const ACCOUNT = { _id: 0, id: 1, name: 1, email: 1, phone: 1, is_active: 1, created_at: 1, crm_customer_id: 1 }
const DELIVERY = {
  _id: 0, id: 1, name: 1, email: 1, phone: 1, address: 1, area: 1, status: 1, created_at: 1, crm_customer_id: 1, user_id: 1
}

export class Customers {
  constructor (pool, database) {
    this.pool = pool
    this.users = database?.collection('users')
    this.records = database?.collection('customers_v2')
  }

  async page (first) {
    const rows = this.pool.query({ ...PAGE, values: [first] })
    if (!this.users) return (await rows).rows.map(ofRow)
    const [crm, accounts, deliveries] = await Promise.all([
      rows,
      this.users.find({ role: 'customer', ...ALONE }, { projection: ACCOUNT }).sort(ORDER).limit(first).toArray(),
      this.records.find({ ...ALONE, user_id: { $exists: false } }, { projection: DELIVERY }).sort(ORDER).limit(first).toArray()
    ])
    const merged = [
      ...crm.rows.map(ofRow),
      ...accounts.map((account) => ofDocument('ACCOUNT', account, instantOf(account.created_at), { account })),
      ...deliveries.map((delivery) => ofDocument('DELIVERY', delivery, instantOfText(delivery.created_at), { delivery }))
    ].sort((one, other) => (one.createdAt < other.createdAt ? 1 : one.createdAt > other.createdAt ? -1 : 0))
    const page = merged.slice(0, first)
    await this.complete(page.filter((one) => one.kind !== 'CRM' || !(one.name && one.email && one.phone)))
    return page
  }

  // Find what customers say of themselves in other records than their head.
  async complete (customers) {
    const [accounts, deliveries] = await Promise.all([this.accounts(customers), this.deliveries(customers)])
    customers.forEach((customer, place) => {
      for (const document of [accounts[place], deliveries[place]]) {
        for (const field of ['name', 'email', 'phone']) customer[field] ||= said(document?.[field])
      }
    })
  }

  accounts = (customers) => this.linked(customers, 'account', async (keys) =>
    this.users.find({ role: 'customer', crm_customer_id: { $in: keys } }, { projection: ACCOUNT }).toArray())

  deliveries = async (customers) => {
    const alone = customers.filter((one) => one.account && !('delivery' in one))
    const [found] = await Promise.all([
      this.linked(customers, 'delivery', async (keys) =>
        this.records.find({ crm_customer_id: { $in: keys } }, { projection: DELIVERY }).toArray()),
      this.partners(alone)
    ])
    return found.map((document, place) => document ?? customers[place].delivery ?? null)
  }

  // Find the documents that name the rows of those customers that a row heads; others know theirs.
  async linked (customers, field, find) {
    if (!this.users) return customers.map(() => null)
    const keys = customers.filter((one) => one.kind === 'CRM').map((one) => one.key)
    const found = new Map((keys.length ? await find(keys) : []).map((one) => [one.crm_customer_id, one]))
    return customers.map((one) => (one.kind === 'CRM' ? found.get(one.key) : one[field]) ?? null)
  }

  async partners (customers) {
    const heads = customers.filter((one) => one.kind === 'ACCOUNT')
    if (!heads.length) return
    const keys = heads.map((one) => one.account.id)
    const found = await this.records.find({ user_id: { $in: keys } }, { projection: DELIVERY }).toArray()
    const byAccount = new Map(found.map((one) => [one.user_id, one]))
    for (const one of heads) one.delivery = byAccount.get(one.account.id) ?? null
  }
}

export const ofRow = ({ id, name, email, phone, created_at: createdAt }) =>
  ({ kind: 'CRM', key: id, name: said(name), email: said(email), phone: said(phone), createdAt })

function ofDocument (kind, { id, name, email, phone }, createdAt, known) {
  return { kind, key: null, id, name: said(name), email: said(email), phone: said(phone), createdAt, ...known }
}
