export const schema = `
  type Query {
    customers(first: Int!): CustomerConnection
    customer(id: ID!): Customer
  }
  type CustomerConnection { nodes: [Customer!]! }
  type Customer {
    id: ID!
    name: String!
    email: String
    phone: String
    createdAt: String
    totalLeads: Int
    totalBookings: Int
    totalRevenue: Money
    analytics: Analytics
    leads(first: Int!): LeadConnection
    bookings(first: Int!): BookingConnection
    account: Account
    delivery: Delivery
  }
  type Money { amount: String! }
  type Analytics { firstBookingAt: String }
  type LeadConnection { nodes: [Lead!]! }
  type Lead { id: ID! status: String! source: String createdAt: String }
  type BookingConnection { nodes: [Booking!]! }
  type Booking { id: ID! status: String! startAt: String endAt: String }
  type Account { email: String isActive: Boolean! }
  type Delivery { address: String area: String status: String }
`
