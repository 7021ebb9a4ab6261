// Write ids, instants, texts and statuses as the gateway does.

export const LEAD_STATUS = {
  new: 'NEW', contacted: 'CONTACTED', called: 'CONTACTED', qualified: 'QUALIFIED', quoted: 'QUOTED', won: 'WON',
  lost: 'LOST', spam: 'LOST'
}
export const BOOKING_STATUS = {
  requested: 'REQUESTED', confirmed: 'CONFIRMED', rescheduled: 'CONFIRMED', on_site: 'IN_PROGRESS', done: 'COMPLETED',
  invoiced: 'COMPLETED', cancelled: 'CANCELLED', no_show: 'NO_SHOW'
}
export const DELIVERY_STATUS = { active: 'ACTIVE', paused: 'PAUSED', ended: 'INACTIVE' }

const encoded = (text) => Buffer.from(text).toString('base64url')
export const customerId = (key, kind = 'CRM') => encoded(`["Customer","${kind}",null,"${key}"]`)
export const leadId = (key) => encoded(`["Lead",null,null,"${key}"]`)
export const bookingId = (key) => encoded(`["Booking",null,null,"${key}"]`)
export const keyOf = (id) => JSON.parse(Buffer.from(id, 'base64url').toString())[3]

export const said = (text) => (text ? text.trim() || null : null)

// PostgreSQL's text of an instant in UTC, 2026-10-31 06:28:48.12+00, which a Date would cut to milliseconds.
export function instant (text) {
  if (text.length === 22) return `${text.slice(0, 10)}T${text.slice(11, 19)}+00:00`
  return `${text.slice(0, 10)}T${text.slice(11, -3).padEnd(15, '0')}+00:00`
}

// Mongo's dates have milliseconds.
export function instantOf (date) {
  const text = date.toISOString()
  return text.endsWith('.000Z') ? `${text.slice(0, 19)}+00:00` : `${text.slice(0, 23)}000+00:00`
}

// Delivery records hold text: in UTC, without a zone.
export const instantOfText = (text) => `${text.length === 19 ? text : text.padEnd(26, '0')}+00:00`
