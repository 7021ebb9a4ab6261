// A list and its rows, what belongs to one of them, and changes, as a frontend with Relay writes them.
import { graphql } from 'relay-runtime'

export const row = graphql`
  fragment customers_row on Customer {
    id
    name
    totalBookings
    totalRevenue { amount currency }
    leads(first: 3) { edges { node { id status } } }
  }
`

export const list = graphql`
  fragment customers_list on Query
  @refetchable(queryName: "customersPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    customers(first: $count, after: $cursor) @connection(key: "customers_customers") {
      edges { node { ...customers_row } }
    }
  }
`

export const one = graphql`
  query customersNodeQuery($id: ID!) {
    node(id: $id) { id ...customers_row @alias(as: "row") }
  }
`

export const screen = graphql`
  query customersScreenQuery { ...customers_list viewer { subject roles } }
`

export const link = graphql`
  mutation customersLinkMutation($input: LinkRecordsInput!) {
    linkRecords(input: $input) { customers { ...customers_row } errors { code message path } }
  }
`

// What belongs to one customer is paged from its node, in one direction or in both, and of several types.
export const leads = graphql`
  fragment customers_leads on Customer
  @refetchable(queryName: "customersLeadsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    leads(first: $count, after: $cursor) @connection(key: "customers_leads") {
      edges { node { id status customer { id name } } }
    }
  }
`

export const bookings = graphql`
  fragment customers_bookings on Customer
  @refetchable(queryName: "customersBookingsQuery")
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "BookingFilter" }
  ) {
    bookings(first: $first, after: $after, last: $last, before: $before, filter: $filter)
      @connection(key: "customers_bookings", filters: ["filter"]) {
      edges { node { id startAt history(first: 5) { nodes { at to } } } }
    }
  }
`

export const timeline = graphql`
  fragment customers_timeline on Customer
  @refetchable(queryName: "customersTimelineQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    timeline(first: $count, after: $cursor) @connection(key: "customers_timeline") {
      edges { node { __typename ... on Node { id } ... on StatusEvent { at to } } }
    }
  }
`

export const notes = graphql`
  fragment customers_notes on Customer
  @refetchable(queryName: "customersNotesQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    notes(first: $count, after: $cursor) @connection(key: "customers_notes") {
      edges { node { id text } }
    }
  }
`

export const addNote = graphql`
  mutation customersAddNoteMutation($input: AddNoteInput!, $connections: [ID!]!) {
    addNote(input: $input) {
      note @prependNode(connections: $connections, edgeTypeName: "NoteEdge") { id text }
      errors { code message path }
    }
  }
`

export const rename = graphql`
  mutation customersRenameMutation($input: UpdateCustomerInput!) {
    updateCustomer(input: $input) { customer { ...customers_row } errors { __typename code message path } }
  }
`
